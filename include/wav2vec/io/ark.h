#pragma once
// What is in a Kaldi archive of matrices (kaldi-matrix.cc, compressed-matrix.cc), without keeping the values.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

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

struct ArkEntry {
  std::string key;
  uint64_t offset = 0;  ///< of the matrix, as an index names it
  std::string kind;
  int64_t rows = 0;
};

struct ArkEntries {
  std::vector<ArkEntry> entries;
  uint64_t bytes = 0;    ///< up to the end of the last of them
  bool cut_off = false;  ///< the file ends within a further one
};

/// The whole matrices of an archive, in order; none of an empty file. Throws what summarize_ark throws, but
/// for a file that ends too early.
ArkEntries read_ark_entries(const std::filesystem::path& path);

/// Looks up every line "key archive:offset" of an index (.scp); relative names are tried from the current
/// folder, as Kaldi does, then from that of the index. Commands ("... |") are refused, never run. Throws
/// DataError, FormatError naming the line.
ArkSummary summarize_scp(const std::filesystem::path& path);

}  // namespace wav2vec
