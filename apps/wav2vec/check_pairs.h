#pragma once
// Which subtitles of a folder belong to which films.

#include <filesystem>
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

}  // namespace wav2vec::app
