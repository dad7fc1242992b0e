// Kaldi archives: "key " and the matrix, again and again; the index names the place behind every "key ".

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

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

/// What summarize_ark() and read_ark_entries() call the matrices of the format.
std::string_view kind_of(FeatureFormat format) {
  switch (format) {
    case FeatureFormat::ark_text:
      return "text";
    case FeatureFormat::ark_cm1:
      return "CM";
    case FeatureFormat::ark_cm2:
      return "CM2";
    case FeatureFormat::ark_cm3:
      return "CM3";
    default:
      return "FM";
  }
}

/// The lines in an order of their own: an index may have been sorted.
std::vector<std::string> sorted_lines(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  std::ranges::sort(lines);
  return lines;
}

class ArkWriter : public FeatureWriter {
 public:
  ArkWriter(FeatureFormat format, FeaturePlace place)
      : format_(format),
        place_(std::move(place)),
        ark_path_(fs::absolute(place_.folder) / ("feats" + place_.part + ".ark")),
        scp_path_(fs::path(ark_path_).replace_extension(".scp")) {
    if (ark_path_.string().find_first_of("\n\r") != std::string::npos)
      throw DataError(fmt::format("{}: a Kaldi index cannot hold a path with a line break",
                                  printable(ark_path_.string())));
    if (place_.has(ark_path_)) take_over();
  }

  bool has(std::string_view id) override {
    utterance_path(id);
    return standing_.contains(id);
  }

  void write(std::string_view id, const FeatureRows& rows) override {
    require_kaldi_key(id);
    constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
    if (rows.frames > kMost || rows.channels > kMost) fail_id(id, "more rows than a Kaldi matrix can have");
    const ValueRange range = is_compressed() ? kaldi_value_range(rows) : ValueRange{};
    if (standing_.contains(id)) fail_id(id, "the id stands in the archive already");
    used_.add(id);
    if (!ark_) begin();
    whole_ = false;
    ark_->write(id);
    ark_->write(" ");
    add_to_index(id, ark_->size());
    write_matrix(rows, range);
    whole_ = true;
  }

  void close() override {
    if (!whole_)
      throw DiskError(
          fmt::format("{}: not completed, for an earlier write failed", printable(ark_path_.string())));
    std::error_code ignored;
    if (!ark_ && !cut_off_ && fs::exists(ark_path_, ignored)) {  // nothing to add, nor to replace it with
      if (place_.takes_over) write_missing_index();
      place_.locks.clear();
      return;
    }
    if (!ark_) begin();
    // No index ever names another archive than the one it was made with.
    fs::remove(scp_path_, ignored);
    ark_->commit();
    write_file(scp_path_, scp_);
    place_.locks.clear();
  }

 private:
  bool is_compressed() const {
    return format_ >= FeatureFormat::ark_cm1 && format_ <= FeatureFormat::ark_cm3;
  }

  /// The archive holds keys and matrices; the index is made of it anew, for the folder may have been moved
  /// and the old index edited or lost.
  void take_over() {
    const auto refuse = [](const std::string& problem) {
      throw ConfigError(problem + "; choose another folder or --overwrite");
    };
    ArkEntries found;
    try {
      found = read_ark_entries(ark_path_);
    } catch (const DataError& error) {
      refuse(error.what());
    }
    for (const ArkEntry& entry : found.entries) {
      if (entry.rows > 0 && entry.kind != kind_of(format_))  // an empty one is "CM" in every compression
        refuse(fmt::format("{}: \"{}\" is of kind {}, not {}", printable(ark_path_.string()),
                           printable(entry.key), entry.kind, kind_of(format_)));
      if (standing_.insert(entry.key).second) add_to_index(entry.key, entry.offset);
    }
    standing_bytes_ = found.bytes;
    cut_off_ = found.cut_off;
    if (cut_off_)
      log_warning(
          fmt::format("{}: cut off: the first {} utterances are kept, what is missing is written again",
                      printable(ark_path_.string()), found.entries.size()));
  }

  void add_to_index(std::string_view id, uint64_t offset) {
    scp_ += fmt::format("{} {}:{}\n", id, ark_path_.string(), offset);
  }

  void write_missing_index() const {
    std::error_code ignored;
    if (fs::exists(scp_path_, ignored) &&
        sorted_lines(read_file(scp_path_, kMaxIndexBytes)) == sorted_lines(scp_))
      return;
    write_file(scp_path_, scp_);
  }

  void begin() {
    ark_.emplace(ark_path_);
    if (standing_bytes_ > 0) append_file(ark_path_, standing_bytes_, *ark_);
  }

  void write_matrix(const FeatureRows& rows, const ValueRange& range) {
    const ByteSink sink = [this](std::string_view bytes) { ark_->write(bytes); };
    if (format_ == FeatureFormat::ark) return write_kaldi_binary(rows, sink);
    if (format_ == FeatureFormat::ark_text) return write_kaldi_text(rows, sink);
    const int method = static_cast<int>(format_) - static_cast<int>(FeatureFormat::ark_cm1) + 1;
    write_kaldi_compressed(rows, range, method, *ark_);
  }

  FeatureFormat format_;
  FeaturePlace place_;
  fs::path ark_path_;
  fs::path scp_path_;
  IdSet standing_;  // of an earlier run
  uint64_t standing_bytes_ = 0;
  bool cut_off_ = false;
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

std::unique_ptr<FeatureWriter> make_ark_writer(FeatureFormat format, FeaturePlace place) {
  return std::make_unique<ArkWriter>(format, std::move(place));
}

}  // namespace wav2vec
