#pragma once
// What the writers have in common, and those with a file of their own. make_feature_writer() chooses.

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "wav2vec/core/file.h"
#include "wav2vec/io/feature_writer.h"
#include "wav2vec/io/run_lock.h"

namespace wav2vec {

[[noreturn]] void fail_id(std::string_view id, std::string_view problem);

using IdSet = std::set<std::string, std::less<>>;

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

/// The folder of one writer, which nobody else writes meanwhile; processes with other parts may.
struct FeaturePlace {
  std::filesystem::path folder;
  std::string part;         ///< "" or ".2of4"
  bool takes_over = false;  ///< what stands there is of the same contract and counts
  std::vector<RunLock> locks = {};

  bool has(const std::filesystem::path& path) const;
};

/// The first `bytes` bytes of a file.
void append_file(const std::filesystem::path& from, uint64_t bytes, AtomicFile& to);

std::unique_ptr<FeatureWriter> make_ark_writer(FeatureFormat format, FeaturePlace place);
std::unique_ptr<FeatureWriter> make_hdf5_writer(FeaturePlace place, const FeatureContract& contract);
/// npy, ark, ark-text and csv on standard output.
std::unique_ptr<FeatureWriter> make_stream_writer(FeatureFormat format, const FeatureContract& contract);

/// Throws DataError when an archive of Kaldi cannot have this key.
void require_kaldi_key(std::string_view utterance_id);

}  // namespace wav2vec
