#pragma once
// What the writers have in common, and those with a file of their own. make_feature_writer() chooses.

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "wav2vec/core/file.h"
#include "wav2vec/io/feature_writer.h"

namespace wav2vec {

[[noreturn]] void fail_id(std::string_view id, std::string_view problem);

/// Refuses an id that has been used: its features would replace the others'.
class UsedIds {
 public:
  void add(std::string_view id) {
    if (!ids_.insert(std::string(id)).second) fail_id(id, "the id occurs twice");
  }

 private:
  std::set<std::string> ids_;
};

using IdSet = std::set<std::string, std::less<>>;

/// What stands in an archive of an earlier run. Whoever asks wants it extended.
class StandingIds {
 public:
  explicit StandingIds(IdSet ids) : ids_(std::move(ids)) {}

  bool has(std::string_view id) {
    asked_ = true;
    return ids_.contains(id);
  }
  /// Whether the archive is extended; asked when the first utterance is written.
  bool extends() {
    if (!asked_) ids_.clear();
    return !ids_.empty();
  }
  void require_absent(std::string_view id) const {
    if (ids_.contains(id)) fail_id(id, "the id stands in the archive already");
  }
  /// The archive has all that was asked for and stays as it is.
  bool suffices() const { return asked_ && !ids_.empty(); }

 private:
  IdSet ids_;
  bool asked_ = false;
};

/// A file of the folder that its contract vouches for: not older than it.
class StandingFiles {
 public:
  StandingFiles(const std::filesystem::path& folder, bool overwrite);
  bool has(const std::filesystem::path& path) const;

 private:
  std::filesystem::file_time_type since_;
};

void append_file(const std::filesystem::path& from, AtomicFile& to);

struct ArchivePlace {
  std::filesystem::path folder;
  std::string part;  ///< "" or ".2of4"
  StandingFiles standing;
};

std::unique_ptr<FeatureWriter> make_ark_writer(FeatureFormat format, const ArchivePlace& place);
std::unique_ptr<FeatureWriter> make_hdf5_writer(const ArchivePlace& place, const FeatureContract& contract);
/// npy, ark, ark-text and csv on standard output.
std::unique_ptr<FeatureWriter> make_stream_writer(FeatureFormat format, const FeatureContract& contract);

/// Throws DataError when an archive of Kaldi cannot have this key.
void require_kaldi_key(std::string_view utterance_id);

}  // namespace wav2vec
