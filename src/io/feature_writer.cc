#include "wav2vec/io/feature_writer.h"

#include <fmt/format.h>

#include <bit>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <span>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"
#include "wav2vec/io/npy.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little, "the archives are little-endian");

constexpr size_t kMaxPartBytes = 200;  // with ".npy" and a temporary's ending below the usual 255

[[noreturn]] void fail_id(std::string_view id, std::string_view problem) {
  throw DataError(fmt::format("utterance \"{}\": {}; give it another id in the manifest",
                              printable(id.substr(0, kMaxPartBytes)), problem));
}

/// Refuses an id that has been used: its features would replace the others'.
class UsedIds {
 public:
  void add(std::string_view id) {
    if (!ids_.insert(std::string(id)).second) fail_id(id, "the id occurs twice");
  }

 private:
  std::set<std::string> ids_;
};

std::span<const float> checked_matrix(const float* rows, int64_t frames, int64_t channels) {
  W2V_CHECK(frames >= 0 && channels > 0, "features are [frames, channels]");
  return {rows, static_cast<size_t>(frames * channels)};
}

class NpyWriter : public FeatureWriter {
 public:
  explicit NpyWriter(fs::path folder) : folder_(std::move(folder)) {}

  void write(std::string_view id, const float* rows, int64_t frames, int64_t channels) override {
    fs::path path = folder_ / utterance_path(id);
    path += ".npy";
    used_.add(id);
    const int64_t shape[] = {frames, channels};
    write_npy(path, checked_matrix(rows, frames, channels), shape);
  }

  void close() override {}

 private:
  fs::path folder_;
  UsedIds used_;
};

/// "key \0BFM \4<rows>\4<columns><values>", as Kaldi's KaldiObjectHolder and Matrix<float>::Write do; the
/// index names the place of the \0 of every key.
class ArkWriter : public FeatureWriter {
 public:
  explicit ArkWriter(const fs::path& folder)
      : path_(fs::absolute(folder) / "feats.ark"), ark_(path_), scp_(fs::absolute(folder) / "feats.scp") {
    if (path_.string().find_first_of("\n\r") != std::string::npos)
      throw DataError(
          fmt::format("{}: a Kaldi index cannot hold a path with a line break", printable(path_.string())));
  }

  void write(std::string_view id, const float* rows, int64_t frames, int64_t channels) override {
    utterance_path(id);  // one rule for ids, whatever the format
    if (id.find(' ') != std::string_view::npos) fail_id(id, "a Kaldi key cannot hold a space");
    constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
    W2V_CHECK(frames <= kMost && channels <= kMost, "a Kaldi matrix counts in 32 bits");
    const std::span<const float> values = checked_matrix(rows, frames, channels);
    used_.add(id);
    whole_ = false;
    ark_.write(id);
    ark_.write(" ");
    scp_.write(fmt::format("{} {}:{}\n", id, path_.string(), ark_.size()));
    ark_.write(std::string_view("\0BFM ", 5));
    write_count(frames);
    write_count(channels);
    ark_.write(values.data(), values.size_bytes());
    whole_ = true;
  }

  void close() override {
    if (!whole_)
      throw DiskError(
          fmt::format("{}: not completed, for an earlier write failed", printable(path_.string())));
    ark_.commit();
    scp_.commit();  // the index last: it never names an archive that is not there
  }

 private:
  void write_count(int64_t count) {
    const auto narrow = static_cast<int32_t>(count);
    ark_.write("\4");
    ark_.write(&narrow, sizeof narrow);
  }

  fs::path path_;
  AtomicFile ark_;
  AtomicFile scp_;
  UsedIds used_;
  bool whole_ = true;  // false while an object stands half in the archive
};

}  // namespace

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

std::unique_ptr<FeatureWriter> make_feature_writer(FeatureFormat format, const fs::path& folder) {
  make_writable_folder(folder);
  remove_stale_temporaries(folder);  // a killed extract leaves the file that it was at
  if (format == FeatureFormat::ark) return std::make_unique<ArkWriter>(folder);
  return std::make_unique<NpyWriter>(folder);
}

void write_feature_contract(const fs::path& folder, const FeatureContract& contract) {
  const nlohmann::ordered_json json = {
      {"sample_rate_hz", contract.sample_rate_hz},
      {"hop_samples", contract.hop_samples},
      {"receptive_field_samples", contract.receptive_field_samples},
      {"first_frame_center_seconds", contract.first_frame_center_seconds},
      {"layer", contract.layer},
      {"channels", contract.channels},
      {"model", contract.model},
      {"model_hash", contract.model_hash},
      {"resampler", contract.resampler},
      {"dtype", contract.dtype},
  };
  write_file(folder / "frames.json",
             json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

}  // namespace wav2vec
