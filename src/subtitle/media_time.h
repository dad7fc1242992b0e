#pragma once
// TTML's time expressions: 00:00:01.5, 00:00:01:12 (frames), 12.5s, 500ms, 2m, 1h, 75f, 10000000t.

#include <optional>
#include <string>
#include <string_view>

#include "wav2vec/subtitle/subtitle.h"

namespace wav2vec {

struct MediaTime {
  double seconds = 0.0;
  bool uses_frames = false;
  bool uses_ticks = false;
  bool has_sub_frames = false;  ///< they do not count
  bool lacks_unit = false;      ///< "12.5": taken for seconds
};

/// The whole of `written`, up to 10^12 seconds; frames and ticks are those of the subtitle.
std::optional<MediaTime> media_time(std::string_view written, const Subtitle& rates);

/// Another time in the style of `written`, which media_time() must be able to read.
std::string write_media_time(std::string_view written, double seconds, const Subtitle& rates);

}  // namespace wav2vec
