#include "check_pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"

namespace wav2vec::app {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 20> kMediaEndings = {
    ".mkv", ".mp4", ".m4v", ".mov", ".avi",  ".webm", ".ts",   ".mpg", ".mpeg", ".wmv",
    ".flv", ".wav", ".mp3", ".m4a", ".flac", ".ogg",  ".opus", ".aac", ".wma",  ".mka"};
constexpr std::array<std::string_view, 9> kSubtitleEndings = {".srt",  ".vtt", ".ass", ".ssa", ".ttml",
                                                              ".dfxp", ".xml", ".sbv", ".sub"};

bool ends_as(const fs::path& path, std::span<const std::string_view> endings) {
  std::string ending = path.extension().string();
  for (char& c : ending) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return std::ranges::find(endings, std::string_view(ending)) != endings.end();
}

}  // namespace

std::vector<CheckPair> pairs_in(const fs::path& folder) {
  std::vector<fs::path> media;
  std::vector<fs::path> subtitles;
  std::error_code error;
  const auto options = fs::directory_options::skip_permission_denied;
  for (auto entry = fs::recursive_directory_iterator(folder, options, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const fs::path& path = entry->path();
    std::error_code ignored;
    if (path.filename().string().starts_with('.')) {
      if (entry->is_directory(ignored)) entry.disable_recursion_pending();
      continue;
    }
    if (!entry->is_regular_file(ignored)) continue;
    if (ends_as(path, kMediaEndings)) media.push_back(path);
    if (ends_as(path, kSubtitleEndings)) subtitles.push_back(path);
  }
  if (error)
    throw DataError(fmt::format("{}: cannot be read: {}", printable(folder.string()), error.message()));
  std::ranges::sort(media);
  std::ranges::sort(subtitles);
  std::vector<CheckPair> pairs;
  for (const fs::path& subtitle : subtitles) {
    // The longest name that fits: of "a.mkv" and "a.b.mkv" the latter has "a.b.srt".
    const fs::path* best = nullptr;
    for (const fs::path& one : media) {
      const std::string name = one.stem().string();
      const bool fits = one.parent_path() == subtitle.parent_path() &&
                        (subtitle.stem() == one.stem() || subtitle.stem().string().starts_with(name + "."));
      if (fits && (best == nullptr || name.size() > best->stem().string().size())) best = &one;
    }
    if (best != nullptr) pairs.push_back({*best, subtitle});
  }
  if (pairs.empty()) {
    throw DataError(fmt::format(
        "{}: no subtitle that is called as a recording beside it (film.mkv, film.srt or film.en.srt); {} "
        "recordings and {} subtitles are there",
        printable(folder.string()), media.size(), subtitles.size()));
  }
  return pairs;
}

}  // namespace wav2vec::app
