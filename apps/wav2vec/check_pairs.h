#pragma once
// Which subtitles of a folder belong to which films, and which of them to a part of the work.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace wav2vec::app {

struct CheckPair {
  std::filesystem::path media;
  std::filesystem::path subtitle;
};

/// Every subtitle below `folder` that is called as a recording beside it is ("film.mkv": "film.srt",
/// "film.en.srt"), in the order of their paths. Hidden files are passed by. Throws DataError where there is
/// none.
std::vector<CheckPair> pairs_in(const std::filesystem::path& folder);

/// Part `number` of `parts`, from 1.
struct Shard {
  int64_t number = 1;
  int64_t parts = 1;
};

/// "2/8". Throws ConfigError.
Shard parse_shard(const std::string& text);

/// Those of `pairs` that belong to a shard: every parts-th.
std::vector<CheckPair> shard_of(const std::vector<CheckPair>& pairs, const Shard& shard);

}  // namespace wav2vec::app
