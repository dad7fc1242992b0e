// Who may include whom: docs/architecture.md has the table, this reads every #include against it.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "support/temporary_folder.h"
#include "wav2vec/core/file.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kPlenty = uint64_t{1} << 24;
constexpr std::string_view kKernels = "kernels";
constexpr std::string_view kApps = "apps";

std::string trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(trimmed(part));
  return parts;
}

// ---- the table --------------------------------------------------------------------------------------

struct Room {
  int floor = 0;
  bool may_include_all = false;
  std::set<std::string> may_include;
};

/// "`apps/wav2vec/`" → apps, "`src/kernels/` (private)" → kernels, "`nn/`" → nn.
std::string room_name(const std::string& cell) {
  const size_t open = cell.find('`');
  const size_t close = cell.find('`', open + 1);
  std::string path = cell.substr(open + 1, close - open - 1);
  if (path.starts_with("apps/")) return std::string(kApps);
  if (path.starts_with("src/")) path.erase(0, 4);
  return path.substr(0, path.find('/'));
}

Room room_from(const std::string& floor, const std::string& includes) {
  Room room;
  room.floor = std::stoi(floor);
  room.may_include_all = includes == "every public header";
  const std::string names = trimmed(includes.substr(0, includes.find('(')));
  if (!room.may_include_all && names != "–") {
    for (const std::string& name : split(names, ',')) room.may_include.insert(name);
  }
  return room;
}

/// The rows "| floor | room | holds | may include |" of docs/architecture.md.
std::map<std::string, Room> read_table(const fs::path& root) {
  std::map<std::string, Room> rooms;
  std::istringstream page(read_file(root / "docs" / "architecture.md", kPlenty));
  for (std::string line; std::getline(page, line);) {
    const std::vector<std::string> cells = split(line, '|');
    if (cells.size() != 5 || cells[1].find_first_not_of("0123456789") != std::string::npos ||
        cells[1].empty())
      continue;
    rooms[room_name(cells[2])] = room_from(cells[1], cells[4]);
  }
  return rooms;
}

/// Rooms that the table lets include a room above or beside them, or one that it does not have.
std::vector<std::string> table_problems(const std::map<std::string, Room>& rooms) {
  std::vector<std::string> problems;
  for (const auto& [name, room] : rooms) {
    for (const std::string& target : room.may_include) {
      const auto found = rooms.find(target);
      if (found == rooms.end()) {
        problems.push_back(fmt::format("{} may include {}, which is no room", name, target));
      } else if (found->second.floor >= room.floor) {
        problems.push_back(fmt::format("{} may include {}, which is not below it", name, target));
      }
    }
  }
  return problems;
}

// ---- the files --------------------------------------------------------------------------------------

struct Include {
  std::string target;
  bool angled = false;
};

std::vector<Include> includes_of(const fs::path& file) {
  std::vector<Include> includes;
  std::istringstream text(read_file(file, kPlenty));
  for (std::string line; std::getline(text, line);) {
    line = trimmed(line);
    if (!line.starts_with('#')) continue;
    line = trimmed(std::string_view(line).substr(1));
    if (!line.starts_with("include")) continue;
    const size_t open = line.find_first_of("<\"");
    const size_t close = line.find_first_of(">\"", open == std::string::npos ? open : open + 1);
    if (close != std::string::npos)
      includes.push_back({line.substr(open + 1, close - open - 1), line[open] == '<'});
  }
  return includes;
}

struct SourceFile {
  fs::path path;
  std::string room;
  bool is_public = false;
  bool is_header = false;
};

/// The C++ files under include/wav2vec, src and apps.
std::vector<SourceFile> source_files(const fs::path& root) {
  std::vector<SourceFile> files;
  for (const char* top : {"include/wav2vec", "src", "apps"}) {
    if (!fs::exists(root / top)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      const std::string extension = entry.path().extension().string();
      if (!entry.is_regular_file() || (extension != ".h" && extension != ".cc")) continue;
      const fs::path inside = entry.path().lexically_relative(root / top);
      const std::string room = std::string_view(top) == kApps ? std::string(kApps) : inside.begin()->string();
      files.push_back({entry.path(), room, std::string_view(top) == "include/wav2vec", extension == ".h"});
    }
  }
  std::sort(files.begin(), files.end(),
            [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return files;
}

/// Why this file may not have this include, if it may not.
std::optional<std::string> problem_with(const Include& include, const SourceFile& file,
                                        const std::map<std::string, Room>& rooms) {
  const std::vector<std::string> parts = split(include.target, '/');
  const bool is_ours = parts.size() > 2 && parts[0] == "wav2vec";
  // Standard headers have neither a folder nor an ending; everything else is somebody's.
  if (file.is_public && !is_ours &&
      (!include.angled || include.target.find_first_of("./") != std::string::npos))
    return "a public header includes only the standard library and wav2vec/";
  const bool is_private = !is_ours && !include.angled && parts.size() > 1 && rooms.contains(parts[0]);
  if (!is_ours && !is_private) return std::nullopt;

  const std::string& target = is_ours ? parts[1] : parts[0];
  if (target == file.room) return std::nullopt;
  if (target == kKernels) {
    const bool may = is_private && (file.room == "nn" || file.room == "model") && !file.is_public;
    return may ? std::nullopt : std::optional<std::string>("kernels are for src/nn and src/model only");
  }
  if (is_private) return fmt::format("a private header of {}", target);
  const Room& room = rooms.at(file.room);
  if (room.may_include_all || room.may_include.contains(target)) return std::nullopt;
  return fmt::format("{} may not include {}", file.room, target);
}

/// Every violation in a source tree, one line each.
std::vector<std::string> violations(const fs::path& root) {
  const std::map<std::string, Room> rooms = read_table(root);
  std::vector<std::string> found = table_problems(rooms);
  for (const SourceFile& file : source_files(root)) {
    const std::string name = file.path.lexically_relative(root).string();
    if (!rooms.contains(file.room)) {
      found.push_back(fmt::format("{}: {} is no room of docs/architecture.md", name, file.room));
      continue;
    }
    for (const Include& include : includes_of(file.path)) {
      if (const auto problem = problem_with(include, file, rooms))
        found.push_back(fmt::format("{}: {}: {}", name, include.target, *problem));
    }
  }
  return found;
}

// ---- tests ------------------------------------------------------------------------------------------

TEST_CASE("this source tree keeps to the table") {
  const fs::path root = W2V_SOURCE_DIR;
  const auto rooms = read_table(root);
  for (const char* room : {"apps", "probe", "train", "extract", "model", "data", "nn", "io", "text",
                           "kernels", "audio", "config", "core"})
    CHECK_MESSAGE(rooms.contains(room), room);
  CHECK(rooms.at("core").may_include.empty());
  CHECK(rooms.at("io").may_include == std::set<std::string>{"config", "core"});
  CHECK(rooms.at("text").may_include == std::set<std::string>{"config", "core"});
  CHECK(rooms.at("nn").may_include == std::set<std::string>{"config", "core"});
  CHECK(source_files(root).size() > 20);
  for (const std::string& violation : violations(root)) FAIL_CHECK(violation);
}

/// The lines that `include` in `file` causes in a tree that is otherwise in order.
std::vector<std::string> violations_of(const std::string& file, const std::string& include) {
  const TemporaryFolder tree;
  fs::create_directories(tree.path() / "docs");
  fs::copy_file(fs::path(W2V_SOURCE_DIR) / "docs" / "architecture.md",
                tree.path() / "docs" / "architecture.md");
  write_file(tree.path() / "src" / "io" / "fine.cc",
             "#include \"wav2vec/io/fine.h\"\n#include <nlohmann/json.hpp>\n#include <vector>\n"
             "#include \"private.h\"\n#include \"io/private.h\"\n#include \"wav2vec/core/error.h\"\n");
  write_file(tree.path() / file, "// comment\n#include " + include + "\nint x;\n");
  return violations(tree.path());
}

TEST_CASE("planted violations are found") {
  const auto finds = [](const std::string& file, const std::string& include) {
    CAPTURE(file);
    CAPTURE(include);
    const auto found = violations_of(file, include);
    CHECK(found.size() == 1);
    if (!found.empty()) CHECK(found[0].starts_with(file + ": "));
  };
  // Up, sideways, and around the back of the public headers.
  finds("include/wav2vec/core/a.h", "\"wav2vec/config/recipe.h\"");
  finds("src/core/a.cc", "\"wav2vec/io/npy.h\"");
  finds("src/io/a.cc", "\"wav2vec/nn/layer.h\"");
  finds("src/io/sub/a.cc", "\"wav2vec/data/manifest.h\"");
  finds("src/io/a.cc", "<wav2vec/train/trainer.h>");
  finds("src/io/a.cc", "\"config/private.h\"");
  finds("src/model/a.cc", "  \"wav2vec/io/npy.h\"  // why");
  finds("src/extract/a.cc", "\"wav2vec/train/trainer.h\"");
  finds("src/text/a.cc", "\"wav2vec/audio/fbank.h\"");
  finds("src/train/a.cc", "\"wav2vec/measure/bootstrap.h\"");
  finds("apps/wav2vec/a.cc", "\"io/checkpoint_manifest.h\"");
  // Kernels.
  finds("src/train/a.cc", "\"kernels/gemm.h\"");
  finds("include/wav2vec/nn/a.h", "\"kernels/gemm.h\"");
  finds("apps/wav2vec/a.cc", "\"kernels/gemm.h\"");
  finds("src/kernels/a.cc", "\"wav2vec/nn/layer.h\"");
  // Other people's headers in front of ours.
  for (const char* header :
       {"<Eigen/Core>", "<oneapi/dnnl/dnnl.hpp>", "<fftw3.h>", "<sndfile.h>", "<CLI/CLI.hpp>",
        "<fmt/format.h>", "<nlohmann/json.hpp>", "<toml++/toml.h>", "<soxr.h>", "<unicode/uchar.h>",
        "<mpi.h>", "<omp.h>", "\"fmt/format.h\"", "\"private.h\""})
    finds("include/wav2vec/model/a.h", header);
  // A room that nobody has drawn.
  finds("src/attic/a.cc", "<vector>");
}

TEST_CASE("what the table allows passes") {
  const auto passes = [](const std::string& file, const std::string& include) {
    CAPTURE(file);
    for (const std::string& violation : violations_of(file, include)) FAIL_CHECK(violation);
  };
  passes("include/wav2vec/io/a.h", "\"wav2vec/config/recipe.h\"");
  passes("include/wav2vec/io/a.h", "<vector>");
  passes("src/nn/a.cc", "\"kernels/gemm.h\"");
  passes("src/model/a.cc", "\"kernels/gemm.h\"");
  passes("src/nn/a.h", "\"kernels/gemm.h\"");
  passes("src/kernels/a.cc", "\"kernels/gemm.h\"");
  passes("src/kernels/a.cc", "\"wav2vec/core/tensor.h\"");
  passes("src/kernels/a.cc", "<Eigen/Core>");
  passes("src/train/a.cc", "\"wav2vec/io/checkpoint.h\"");
  passes("src/probe/a.cc", "\"wav2vec/train/trainer.h\"");
  passes("apps/wav2vec/a.cc", "\"wav2vec/train/trainer.h\"");
  passes("apps/wav2vec/a.cc", "\"commands.h\"");
}

TEST_CASE("a table that goes in a circle is refused") {
  const TemporaryFolder tree;
  write_file(tree.path() / "docs" / "architecture.md",
             "| floor | room | holds | may include |\n|---|---|---|---|\n"
             "| 3 | `io/` | x | config, core |\n| 2 | `config/` | x | io |\n| 2 | `audio/` | x | config |\n"
             "| 1 | `core/` | x | – |\n| 1 | `odd/` | x | attic |\n");
  CHECK(violations(tree.path()) == std::vector<std::string>{"audio may include config, which is not below it",
                                                            "config may include io, which is not below it",
                                                            "odd may include attic, which is no room"});
}

}  // namespace
}  // namespace wav2vec
