#include "extract_inputs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <unordered_map>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/scratch.h"
#include "wav2vec/core/text_lines.h"

namespace wav2vec::app {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMostListBytes = uint64_t{1} << 30;

[[noreturn]] void refuse_list(const std::string& name, const char* problem) {
  throw DataError(fmt::format("--list {}: {}; expected a path per line", printable(name), problem));
}

std::vector<std::string> lines_from_stdin() {
  constexpr size_t kMostNameBytes = 1 << 16;
  std::vector<std::string> lines;
  std::vector<char> line(kMostNameBytes);
  uint64_t bytes = 0;
  while (std::cin.getline(line.data(), std::ssize(line)) || std::cin.gcount() > 0) {
    if (std::cin.fail()) refuse_list("-", "a line of more than 64 KiB");
    const auto length = static_cast<size_t>(std::cin.gcount()) - (std::cin.eof() ? 0 : 1);
    if ((bytes += length + 1) > kMostListBytes) refuse_list("-", "more than 1 GiB");
    std::string text(line.data(), length);
    if (text.find('\0') != std::string::npos) refuse_list("-", "a NUL byte in a path");
    if (text.ends_with('\r')) text.pop_back();
    if (!text.empty()) lines.push_back(std::move(text));
  }
  return lines;
}

std::vector<std::string> lines_from_file(const std::string& name) {
  TextLines lines(name, kMostListBytes);
  std::vector<std::string> names;
  for (std::string_view line; lines.next(line);) names.emplace_back(line);
  return names;
}

std::vector<std::string> read_list(const std::string& name) {
  std::vector<std::string> names = name == "-" ? lines_from_stdin() : lines_from_file(name);
  if (names.empty()) throw DataError(fmt::format("--list {}: no names in it", printable(name)));
  return names;
}

/// One would replace the other, or be taken for done by the next run. Of all inputs, so that every shard sees
/// the same.
void take_out_repeated_ids(CollectedInputs& collected) {
  std::unordered_map<std::string, std::string> audio_of_id;
  std::erase_if(collected.manifest.utterances, [&](const Utterance& u) {
    const auto [first, is_new] = audio_of_id.emplace(u.id, u.audio.string());
    if (!is_new)
      collected.failures.push_back(fmt::format(
          "{}: utterance \"{}\": the id occurs twice, first for {}; give it another id in a manifest",
          printable(u.audio.string()), printable(u.id), printable(first->second)));
    return !is_new;
  });
}

/// Decoders seek, pipes do not. The file has no name, so that it goes with the process however that ends.
fs::path copy_of_stdin(const std::string& scratch, int& file) {
  const fs::path folder = scratch.empty() ? default_scratch_folder() : fs::path(scratch);
  const auto fail = [&](const char* action) {
    throw DiskError(
        fmt::format("{}: cannot {} the audio from stdin: {}; free some space there or name another folder "
                    "(--scratch or TMPDIR)",
                    printable(folder.string()), action, std::strerror(errno)));
  };
  file = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file < 0) fail("keep");
  std::vector<char> piece(size_t{1} << 16);
  while (std::cin.read(piece.data(), std::ssize(piece)) || std::cin.gcount() > 0) {
    if (::write(file, piece.data(), static_cast<size_t>(std::cin.gcount())) != std::cin.gcount())
      fail("write");
  }
  // With the number of this process, for decoders that are processes of their own.
  return fmt::format("/proc/{}/fd/{}", static_cast<int64_t>(getpid()), file);
}

}  // namespace

ExtractInputs::ExtractInputs(const ExtractOptions& options) {
  std::vector<std::string> names = options.inputs;
  const auto from_stdin = std::erase(names, "-");
  if (from_stdin + (options.list == "-" ? 1U : 0U) > 1)
    throw ConfigError("stdin can be read once: one \"-\" too many");
  if (!options.list.empty()) std::ranges::copy(read_list(options.list), std::back_inserter(names));
  collected_ = collect_inputs(names);
  if (from_stdin > 0) {
    Utterance u;
    u.audio = copy_of_stdin(options.scratch, stdin_copy_);
    u.id = options.id.empty() ? "stdin" : options.id;
    stdin_id_ = u.id;
    collected_.manifest.utterances.push_back(std::move(u));
  }
  take_out_repeated_ids(collected_);
}

ExtractInputs::~ExtractInputs() {
  if (stdin_copy_ >= 0) ::close(stdin_copy_);
}

}  // namespace wav2vec::app
