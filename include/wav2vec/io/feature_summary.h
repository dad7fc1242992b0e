#pragma once
// What is in a file of features, without keeping its values. Every reader throws DataError when the file
// cannot be read and FormatError saying what is wrong with it.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "wav2vec/io/feature_contract.h"

namespace wav2vec {

struct FeatureFileSummary {
  int64_t utterances = 1;
  int64_t frames = 0;
  int64_t channels = 0;                          ///< -1 when they differ
  double period_seconds = 0.0;                   ///< between rows; 0 when the file does not say
  std::optional<FeatureContract> contract = {};  ///< that stands in the file
};

/// HTK parameter files of floats.
FeatureFileSummary summarize_htk(const std::filesystem::path& path);

/// The member `features` and, if it is there, `contract`. An npz of other arrays is refused.
FeatureFileSummary summarize_npz(const std::filesystem::path& path);

/// The tensor `features` with the contract as metadata; nothing when the file holds something else.
std::optional<FeatureFileSummary> summarize_safetensors(const std::filesystem::path& path);

/// A header "utterance,seconds,0,1,…" and a line of as many cells for each row.
FeatureFileSummary summarize_csv(const std::filesystem::path& path);

/// features.h5 (/features/<id> [frames, channels]) or wav2letter's .h5context. libhdf5 may crash or hang on a
/// damaged file: it runs in a child process with limits, and an end of that child is a FormatError.
FeatureFileSummary summarize_hdf5(const std::filesystem::path& path);

/// What a .npy says of itself, its size checked.
struct ArraySummary {
  std::string dtype;
  std::vector<int64_t> shape;
};
ArraySummary summarize_npy(const std::filesystem::path& path);

/// The contract that vouches for a file of features without one of its own: of the frames.json in its folder
/// or one above it (an id's '/' are folders), if it names such files and has as many channels. Nothing
/// otherwise.
std::optional<FeatureContract> contract_beside(const std::filesystem::path& path, int64_t channels);

/// CRC-32C of a file's bytes, as "crc32c:1234abcd". Throws DataError.
std::string file_hash(const std::filesystem::path& path);

}  // namespace wav2vec
