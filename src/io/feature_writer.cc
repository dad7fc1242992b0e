#include "wav2vec/io/feature_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "io/feature_encoders.h"
#include "io/feature_writers.h"
#include "io/hdf5_file.h"
#include "io/npz.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxPartBytes = 200;  // with ".safetensors" and a temporary's ending below the usual 255

/// Writes one utterance into its file.
using FileEncoder = std::function<void(std::string_view id, const FeatureRows&, AtomicFile&)>;

class FileWriter : public FeatureWriter {
 public:
  FileWriter(FeaturePlace place, std::string ending, FileEncoder encode)
      : place_(std::move(place)), ending_(std::move(ending)), encode_(std::move(encode)) {}

  bool has(std::string_view id) override { return place_.has(path_of(id)); }

  void write(std::string_view id, const FeatureRows& rows) override {
    const fs::path path = path_of(id);
    used_.add(id);
    AtomicFile file(path);
    encode_(id, rows, file);
    file.commit();
  }

  void close() override { place_.locks.clear(); }

 private:
  fs::path path_of(std::string_view id) const { return (place_.folder / utterance_path(id)) += ending_; }

  FeaturePlace place_;
  std::string ending_;
  FileEncoder encode_;
  UsedIds used_;
};

ByteSink into(AtomicFile& file) {
  return [&file](std::string_view bytes) { file.write(bytes); };
}

FileEncoder encoder_for(FeatureFormat format, const FeatureContract& contract) {
  switch (format) {
    case FeatureFormat::npz:
      return [text = contract_to_json(contract)](std::string_view, const FeatureRows& rows,
                                                 AtomicFile& file) { write_npz(rows, text, file); };
    case FeatureFormat::htk:
      return [contract](std::string_view, const FeatureRows& rows, AtomicFile& file) {
        write_htk(rows, contract, into(file));
      };
    case FeatureFormat::h5context:
      return [contract](std::string_view, const FeatureRows& rows, AtomicFile& file) {
        write_h5context(rows, contract, file);
      };
    case FeatureFormat::safetensors:
      return [contract](std::string_view, const FeatureRows& rows, AtomicFile& file) {
        write_safetensors_rows(rows, contract, into(file));
      };
    case FeatureFormat::csv:
      return [contract](std::string_view id, const FeatureRows& rows, AtomicFile& file) {
        write_csv_header(rows.channels, into(file));
        write_csv_rows(id, rows, contract, into(file));
      };
    default:
      return [](std::string_view, const FeatureRows& rows, AtomicFile& file) {
        write_npy_rows(rows, into(file));
      };
  }
}

/// Processes that begin at the same time settle one after the other whose features the folder holds.
class SettlingTurn {
 public:
  explicit SettlingTurn(const fs::path& folder)
      : descriptor_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    while (::flock(descriptor_, LOCK_EX) != 0 && errno == EINTR) {
    }
  }
  ~SettlingTurn() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  SettlingTurn(const SettlingTurn&) = delete;

 private:
  int descriptor_;
};

/// Files of features as writers name them, but for those below a frames.json of their own.
std::vector<fs::path> feature_files(const fs::path& folder, const std::vector<FeatureFormat>& formats) {
  std::vector<fs::path> files;
  std::error_code ignored;
  const auto options = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator at(folder, options, ignored), end; at != end; at.increment(ignored)) {
    if (at->is_directory(ignored)) {
      if (fs::exists(at->path() / kContractFileName, ignored)) at.disable_recursion_pending();
      continue;
    }
    const auto is_of = [&](FeatureFormat format) { return is_named_as(format, at->path()); };
    if (at->is_regular_file(ignored) && std::ranges::any_of(formats, is_of)) files.push_back(at->path());
  }
  return files;
}

void remove_old(const fs::path& file) {
  std::error_code error;
  if (!fs::remove(file, error) && error)
    throw DiskError(fmt::format("{}: cannot remove: {}; choose another folder", printable(file.string()),
                                error.message()));
}

/// What may stand in a folder of this contract, all formats where none can be read, and would count in one of
/// the format `next`.
std::vector<FeatureFormat> formats_to_remove(const std::optional<FeatureContract>& contract,
                                             FeatureFormat next) {
  std::vector<FeatureFormat> formats{next};
  for (size_t i = 0; i < std::size(kFeatureFormatNames); ++i)
    if (!contract || contract->file_format == kFeatureFormatNames[i])
      formats.push_back(static_cast<FeatureFormat>(i));
  return formats;
}

/// Makes the folder one of this contract and this writer's, or refuses.
FeaturePlace settle(FeatureFormat format, const FeatureDestination& destination,
                    const FeatureContract& contract) {
  const fs::path& folder = destination.path;
  const auto refuse = [&](const std::string& problem, std::string_view advice) {
    throw ConfigError(
        fmt::format("{}: {}; choose another folder{}", printable(folder.string()), problem, advice));
  };
  const SettlingTurn turn(folder);
  std::optional<FeatureContract> before;
  std::string difference;
  try {
    before = read_feature_contract(folder);
    if (before) difference = contract_difference(*before, contract);
    if (!difference.empty()) difference = "holds features of another kind: " + difference;
  } catch (const DataError& error) {
    difference = error.what();
  }
  if (!difference.empty() && !destination.overwrite) refuse(difference, " or --overwrite");
  if (difference.empty() && !before) {
    const auto strangers = feature_files(folder, {format});
    if (!strangers.empty())
      refuse(fmt::format("holds {}, but no frames.json that says what it is",
                         printable(strangers.front().lexically_relative(folder).string())),
             "");
  }
  const bool alone = destination.part.empty();
  const bool replaces = !difference.empty();
  FeaturePlace place{.folder = folder,
                     .part = alone ? "" : "." + destination.part,
                     .takes_over = before && !replaces && !destination.overwrite};
  place.locks.emplace_back(folder, alone || replaces ? RunLock::Kind::exclusive : RunLock::Kind::shared);
  if (!alone) place.locks.emplace_back(folder, RunLock::Kind::exclusive, place.part + ".lock");
  // Before the new contract, which would else vouch for them if this process were killed.
  if (replaces)
    for (const fs::path& file : feature_files(folder, formats_to_remove(before, format))) remove_old(file);
  if (replaces || !before) write_feature_contract(folder, contract);
  if (!alone && replaces) place.locks.front().share();
  return place;
}

void require_htk_width(const FeatureContract& contract) {
  if (contract.channels > kMostHtkChannels)
    throw ConfigError(fmt::format("htk holds at most {} channels, these are {}; choose another format",
                                  kMostHtkChannels, contract.channels));
}

}  // namespace

void fail_id(std::string_view id, std::string_view problem) {
  throw DataError(fmt::format("utterance \"{}\": {}; give it another id in the manifest",
                              printable(id.substr(0, kMaxPartBytes)), problem));
}

bool FeaturePlace::has(const fs::path& path) const {
  std::error_code error;
  return takes_over && fs::is_regular_file(path, error);
}

bool is_named_as(FeatureFormat format, const fs::path& path) {
  const std::string name = path.filename().string();
  const fs::path extension = path.extension();
  if (format == FeatureFormat::hdf5) return name.starts_with("features") && extension == ".h5";
  if (format >= FeatureFormat::ark && format <= FeatureFormat::ark_cm3)
    return name.starts_with("feats") && (extension == ".ark" || extension == ".scp");
  return extension == fmt::format(".{}", kFeatureFormatNames[static_cast<size_t>(format)]);
}

bool is_named_as(std::string_view format_name, const fs::path& path) {
  const auto& names = kFeatureFormatNames;
  const auto at = std::ranges::find(names, format_name);
  return at != std::end(names) && is_named_as(static_cast<FeatureFormat>(at - std::begin(names)), path);
}

void append_file(const fs::path& from, uint64_t bytes, AtomicFile& to) {
  std::ifstream in(from, std::ios::binary);
  std::string buffer(1 << 20, '\0');
  while (in && bytes > 0) {
    in.read(buffer.data(), static_cast<std::streamsize>(std::min<uint64_t>(buffer.size(), bytes)));
    to.write(buffer.data(), static_cast<size_t>(in.gcount()));
    bytes -= static_cast<uint64_t>(in.gcount());
  }
  if (bytes > 0) throw DiskError(fmt::format("{}: cannot read; check the disk", printable(from.string())));
}

fs::path utterance_path(std::string_view id) {
  if (id.empty()) fail_id(id, "the id is empty");
  for (const char c : id) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F || c == '\\')
      fail_id(id, "the id holds a control character or backslash");
  }
  fs::path path;
  for (size_t at = 0; at <= id.size();) {
    const size_t end = std::min(id.find('/', at), id.size());
    const std::string_view part = id.substr(at, end - at);
    if (part.empty() || part == "." || part == "..")
      fail_id(id, "the id must be a relative path without '.', '..' and empty parts");
    if (part.size() > kMaxPartBytes) fail_id(id, fmt::format("a name of more than {} bytes", kMaxPartBytes));
    path /= part;
    at = end + 1;
  }
  return path;
}

std::unique_ptr<FeatureWriter> make_feature_writer(FeatureFormat format,
                                                   const FeatureDestination& destination,
                                                   const FeatureContract& features) {
  if (format == FeatureFormat::htk) require_htk_width(features);
  FeatureContract contract = features;
  contract.file_format = kFeatureFormatNames[static_cast<size_t>(format)];
  if (destination.path == "-") return make_stream_writer(format, contract);
  make_writable_folder(destination.path);
  FeaturePlace place = settle(format, destination, contract);
  switch (format) {
    case FeatureFormat::ark:
    case FeatureFormat::ark_text:
    case FeatureFormat::ark_cm1:
    case FeatureFormat::ark_cm2:
    case FeatureFormat::ark_cm3:
      return make_ark_writer(format, std::move(place));
    case FeatureFormat::hdf5:
      return make_hdf5_writer(std::move(place), contract);
    default:
      return std::make_unique<FileWriter>(std::move(place), "." + contract.file_format,
                                          encoder_for(format, contract));
  }
}

}  // namespace wav2vec
