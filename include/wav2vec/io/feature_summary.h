#pragma once
// What is in a file of features, without keeping its values.

#include <cstdint>
#include <filesystem>
#include <string>

namespace wav2vec {

struct FeatureFileSummary {
  int64_t frames = 0;
  int64_t channels = 0;
  double period_seconds = 0.0;  ///< between rows; 0 when the file does not say
  std::string hash;             ///< of the file's bytes, as "crc32c:1234abcd"
};

/// HTK parameter files of floats. Throws DataError when it cannot be read, FormatError when header and size
/// of the file disagree.
FeatureFileSummary summarize_htk(const std::filesystem::path& path);

/// CRC-32C of a file's bytes, as "crc32c:1234abcd". Throws DataError.
std::string file_hash(const std::filesystem::path& path);

}  // namespace wav2vec
