#pragma once
// Work that several processes share, and the files that each writes of one that will be whole.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace wav2vec {

/// Part `number` of `parts`, from 1.
struct Shard {
  int64_t number = 1;
  int64_t parts = 1;
};

/// "2of4"; empty where there is one part.
std::string part_name(const Shard& shard);

/// "feats.ark" as a part of it is called: "feats.2of4.ark"; the same where there is one part.
std::filesystem::path part_path(const std::filesystem::path& whole, const Shard& shard);

struct PartFiles {
  std::vector<std::filesystem::path> paths;  ///< in order
  bool is_merged = false;  ///< only rests are there: a merge was interrupted when it removed them
};

/// The parts of `whole` that lie beside it, all of them or none. Throws DataError when one is missing (naming
/// it), unless the whole is younger than what is there, and when there are parts of two splits.
PartFiles find_part_files(const std::filesystem::path& whole);

/// Throws DiskError.
void remove_part_file(const std::filesystem::path& path);

}  // namespace wav2vec
