// Kaldi archives: "key " and the matrix, again and again; the index names the place behind every "key ".

#include <fmt/format.h>

#include <fstream>
#include <limits>
#include <optional>

#include "io/feature_writers.h"
#include "io/kaldi_matrix.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/log.h"
#include "wav2vec/io/ark.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxIndexBytes = uint64_t{1} << 32;

/// Keys of an index whose lines all name `archive`; none when it is something else.
IdSet keys_of(const std::string& index, const fs::path& archive) {
  IdSet keys;
  for (size_t at = 0; at < index.size();) {
    const size_t end = index.find('\n', at);
    const size_t space = index.find(' ', at);
    if (end == std::string::npos || space == std::string::npos || space > end) return {};
    const std::string target = index.substr(space + 1, end - space - 1);
    if (target.substr(0, target.rfind(':')) != archive.string()) return {};
    keys.insert(index.substr(at, space - at));
    at = end + 1;
  }
  return keys;
}

/// How a matrix of the format begins.
std::string_view beginning_of(FeatureFormat format) {
  switch (format) {
    case FeatureFormat::ark_text:
      return " [";
    case FeatureFormat::ark_cm1:
      return {"\0BCM ", 5};
    case FeatureFormat::ark_cm2:
      return {"\0BCM2 ", 6};
    case FeatureFormat::ark_cm3:
      return {"\0BCM3 ", 6};
    default:
      return {"\0BFM ", 5};
  }
}

bool begins_with(const fs::path& archive, std::string_view expected) {
  std::ifstream file(archive, std::ios::binary);
  std::string found(expected.size(), '\xff');
  file.ignore(std::numeric_limits<std::streamsize>::max(), ' ');  // the first key
  file.read(found.data(), static_cast<std::streamsize>(found.size()));
  return file.good() && found == expected;
}

bool ends_with(const fs::path& archive, std::string_view expected) {
  std::ifstream file(archive, std::ios::binary);
  std::string found(expected.size(), '\xff');
  file.seekg(-std::ssize(expected), std::ios::end);
  file.read(found.data(), std::ssize(found));
  return file.good() && found == expected;
}

class ArkWriter : public FeatureWriter {
 public:
  ArkWriter(FeatureFormat format, const ArchivePlace& place)
      : format_(format),
        ark_path_(fs::absolute(place.folder) / ("feats" + place.part + ".ark")),
        scp_path_(fs::path(ark_path_).replace_extension(".scp")),
        standing_(keys_standing(place.standing)) {
    if (ark_path_.string().find_first_of("\n\r") != std::string::npos)
      throw DataError(fmt::format("{}: a Kaldi index cannot hold a path with a line break",
                                  printable(ark_path_.string())));
  }

  bool has(std::string_view id) override {
    utterance_path(id);
    return standing_.has(id);
  }

  void write(std::string_view id, const FeatureRows& rows) override {
    require_kaldi_key(id);
    constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
    if (rows.frames > kMost || rows.channels > kMost) fail_id(id, "more rows than a Kaldi matrix can have");
    const ValueRange range = is_compressed() ? kaldi_value_range(rows) : ValueRange{};
    if (!ark_) begin();
    standing_.require_absent(id);
    used_.add(id);
    whole_ = false;
    ark_->write(id);
    ark_->write(" ");
    scp_ += fmt::format("{} {}:{}\n", id, ark_path_.string(), ark_->size());
    write_matrix(rows, range);
    whole_ = true;
  }

  void close() override {
    if (!whole_)
      throw DiskError(
          fmt::format("{}: not completed, for an earlier write failed", printable(ark_path_.string())));
    if (!ark_ && standing_.suffices()) return;
    if (!ark_) begin();
    // No index ever names another archive than the one it was made with.
    std::error_code ignored;
    fs::remove(scp_path_, ignored);
    ark_->commit();
    write_file(scp_path_, scp_);
  }

 private:
  bool is_compressed() const {
    return format_ >= FeatureFormat::ark_cm1 && format_ <= FeatureFormat::ark_cm3;
  }

  IdSet keys_standing(const StandingFiles& standing) const {
    if (!standing.has(scp_path_) || !standing.has(ark_path_)) return {};
    if (!begins_with(ark_path_, beginning_of(format_))) return {};  // of another format
    IdSet keys = keys_of(read_file(scp_path_, kMaxIndexBytes), ark_path_);
    if (is_whole(keys.size())) return keys;
    log_warning(fmt::format("{}: damaged; it is written anew", printable(ark_path_.string())));
    return {};
  }

  /// Whether the archive holds as many matrices as its index names, to its last byte.
  bool is_whole(size_t keys) const {
    if (format_ == FeatureFormat::ark_text) return ends_with(ark_path_, "]\n");
    try {
      return summarize_ark(ark_path_).utterances == static_cast<int64_t>(keys);
    } catch (const DataError&) {
      return false;
    }
  }

  void begin() {
    ark_.emplace(ark_path_);
    if (!standing_.extends()) return;
    append_file(ark_path_, *ark_);
    scp_ = read_file(scp_path_, kMaxIndexBytes);
  }

  void write_matrix(const FeatureRows& rows, const ValueRange& range) {
    const ByteSink sink = [this](std::string_view bytes) { ark_->write(bytes); };
    if (format_ == FeatureFormat::ark) return write_kaldi_binary(rows, sink);
    if (format_ == FeatureFormat::ark_text) return write_kaldi_text(rows, sink);
    const int method = static_cast<int>(format_) - static_cast<int>(FeatureFormat::ark_cm1) + 1;
    write_kaldi_compressed(rows, range, method, *ark_);
  }

  FeatureFormat format_;
  fs::path ark_path_;
  fs::path scp_path_;
  StandingIds standing_;
  std::optional<AtomicFile> ark_;
  std::string scp_;
  UsedIds used_;
  bool whole_ = true;  // false while an object stands half in the archive
};

}  // namespace

void require_kaldi_key(std::string_view id) {
  utterance_path(id);  // one rule for ids, whatever the format
  if (id.find(' ') != std::string_view::npos) fail_id(id, "a Kaldi key cannot hold a space");
}

std::unique_ptr<FeatureWriter> make_ark_writer(FeatureFormat format, const ArchivePlace& place) {
  return std::make_unique<ArkWriter>(format, place);
}

}  // namespace wav2vec
