#pragma once
// What is in a Kaldi archive of matrices (kaldi-matrix.cc, compressed-matrix.cc), without keeping the values.

#include <cstdint>
#include <filesystem>
#include <string>

namespace wav2vec {

struct ArkSummary {
  int64_t utterances = 0;
  int64_t frames = 0;    ///< rows of all matrices
  int64_t channels = 0;  ///< columns; -1 when they differ, 0 without a matrix
  std::string kind;      ///< "FM" (float), "DM" (double), "CM", "CM2", "CM3" (compressed), "text"; "mixed"
};

/// Walks through an archive (.ark). Throws DataError when it cannot be read, FormatError naming the key or
/// the offset when it is something else than whole matrices.
ArkSummary summarize_ark(const std::filesystem::path& path);

/// Looks up every line "key archive:offset" of an index (.scp); relative names are tried from the current
/// folder, as Kaldi does, then from that of the index. Commands ("... |") are refused, never run. Throws
/// DataError, FormatError naming the line.
ArkSummary summarize_scp(const std::filesystem::path& path);

}  // namespace wav2vec
