#include "wav2vec/io/feature_writer.h"

#include <fmt/format.h>

#include <fstream>
#include <functional>

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
  FileWriter(fs::path folder, std::string ending, StandingFiles standing, FileEncoder encode)
      : folder_(std::move(folder)),
        ending_(std::move(ending)),
        standing_(standing),
        encode_(std::move(encode)) {}

  bool has(std::string_view id) override { return standing_.has(path_of(id)); }

  void write(std::string_view id, const FeatureRows& rows) override {
    const fs::path path = path_of(id);
    used_.add(id);
    AtomicFile file(path);
    encode_(id, rows, file);
    file.commit();
  }

  void close() override {}

 private:
  fs::path path_of(std::string_view id) const { return (folder_ / utterance_path(id)) += ending_; }

  fs::path folder_;
  std::string ending_;
  StandingFiles standing_;
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

/// Refuses features of another contract, unless they are to be replaced.
void settle_contract(const FeatureDestination& destination, const FeatureContract& contract) {
  const auto refuse = [&](const std::string& problem) {
    if (!destination.overwrite)
      throw ConfigError(fmt::format("{}: {}; choose another folder or --overwrite",
                                    printable(destination.path.string()), problem));
  };
  try {
    const auto before = read_feature_contract(destination.path);
    const std::string difference = before ? contract_difference(*before, contract) : "";
    if (before && difference.empty()) return;
    if (before) refuse("holds features of another kind: " + difference);
  } catch (const DataError& error) {
    refuse(error.what());
  }
  write_feature_contract(destination.path, contract);
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

StandingFiles::StandingFiles(const fs::path& folder, bool overwrite)
    : since_(overwrite ? fs::file_time_type::max() : fs::last_write_time(folder / kContractFileName)) {}

bool StandingFiles::has(const fs::path& path) const {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return false;
  const fs::file_time_type written = fs::last_write_time(path, error);
  return !error && written >= since_;
}

void append_file(const fs::path& from, AtomicFile& to) {
  std::ifstream in(from, std::ios::binary);
  std::string buffer(1 << 20, '\0');
  while (in) {
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    to.write(buffer.data(), static_cast<size_t>(in.gcount()));
  }
  if (!in.eof()) throw DiskError(fmt::format("{}: cannot read; check the disk", printable(from.string())));
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
                                                   const FeatureContract& contract) {
  if (format == FeatureFormat::htk) require_htk_width(contract);
  if (destination.path == "-") return make_stream_writer(format, contract);
  const fs::path& folder = destination.path;
  make_writable_folder(folder);
  settle_contract(destination, contract);
  const StandingFiles standing(folder, destination.overwrite);
  const ArchivePlace place{folder, destination.part.empty() ? "" : "." + destination.part, standing};
  switch (format) {
    case FeatureFormat::ark:
    case FeatureFormat::ark_text:
    case FeatureFormat::ark_cm1:
    case FeatureFormat::ark_cm2:
    case FeatureFormat::ark_cm3:
      return make_ark_writer(format, place);
    case FeatureFormat::hdf5:
      return make_hdf5_writer(place, contract);
    default:
      return std::make_unique<FileWriter>(
          folder, fmt::format(".{}", kFeatureFormatNames[static_cast<size_t>(format)]), standing,
          encoder_for(format, contract));
  }
}

}  // namespace wav2vec
