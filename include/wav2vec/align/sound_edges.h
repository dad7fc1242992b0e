#pragma once
// From the letters of a line to its sound: breath and the room's echo ring on after the last letter.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "wav2vec/align/word_times.h"

namespace wav2vec {

struct SoundEdgeOptions {
  double loud_db = 35.0;  ///< below the line's loudest frame
  double floor_db = 6.0;  ///< that must be above the quietest tenth of the frames around the line
  double most_seconds_before = 0.3;
  double most_seconds_behind = 0.6;
  double floor_reach_seconds = 5.0;
  double bridge_seconds = 0.04;  ///< quiet that does not end a sound
};

/// `line` moved to where its sound begins and ends, between the ends of its neighbours; nullopt where noise
/// or silence hides them. powers: mean square of each frame of `frame_seconds` from time 0.
std::optional<TimeSpan> sound_edges(const TimeSpan& line, double earliest_seconds, double latest_seconds,
                                    std::span<const float> powers, double frame_seconds,
                                    const SoundEdgeOptions& options = {});

}  // namespace wav2vec
