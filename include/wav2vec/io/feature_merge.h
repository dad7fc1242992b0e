#pragma once
// Archives that several processes wrote into one folder become one.

#include <cstdint>
#include <filesystem>

namespace wav2vec {

struct MergedFeatures {
  int64_t parts = 0;       ///< that were there; 0: it had been done before
  int64_t utterances = 0;  ///< of the whole archive
};

/// feats.<I>of<N>.ark (with their indices) become feats.ark and feats.scp, features.<I>of<N>.h5 become
/// features.h5; the parts are removed when the whole is on the disk. A merge that was interrupted can be
/// repeated, and an archive that stands already is extended. Formats with a file per utterance need no merge.
/// Throws DataError when a part is missing (naming it), cut off or damaged, is of another split than the
/// others or holds an id that another one holds, or when the folder has no features; DiskError.
MergedFeatures merge_feature_parts(const std::filesystem::path& folder);

}  // namespace wav2vec
