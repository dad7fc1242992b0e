#pragma once
// How the times of a subtitle and those of its audio belong together: as they are, shifted, drifting or cut.
// Numbers alone; where the texts are heard comes from outside.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace wav2vec {

/// Where the text of a cue may be spoken, and by how many nats this is more probable than that it is not.
struct HeardPlace {
  double start_seconds = 0.0;
  double end_seconds = 0.0;
  double nats = 0.0;
};

/// A cue as the subtitle has it, and the places that were found for it; none for what cannot be scored.
struct CueEvidence {
  double start_seconds = 0.0;
  double end_seconds = 0.0;
  std::vector<HeardPlace> places;
};

struct TimingOptions {
  double tolerance_seconds = 0.6;  ///< by which cues of a right subtitle begin earlier or later than speech
  double most_tolerance_seconds = 2.0;  ///< the same, where cues differ much among each other
  double most_nats = 20.0;              ///< that a single cue may count
  double split_nats = 60.0;             ///< that another segment must win
  double slope_nats = 15.0;             ///< that a slope other than 1 must win
  double search_seconds = 60.0;  ///< places lie within this of their cues; an offset at its edge is none
  /// A subtitle stays as it is where no cue would move by more than this.
  double least_move_seconds = 0.1;
  /// Nor by more than its cues differ among each other, times this: they are loose then, and not shifted.
  double least_move_spreads = 1.25;
};

/// seconds in the audio = slope · seconds in the subtitle + offset, for cues [first_cue, end_cue).
struct TimingSegment {
  int64_t first_cue = 0;
  int64_t end_cue = 0;
  double slope = 1.0;
  double offset_seconds = 0.0;
  std::string_view ratio;  ///< "25/23.976" and the like; empty for 1 and for slopes that are none of them
  int64_t support = 0;     ///< cues that are heard where it says
  double offset_low_seconds = 0.0;  ///< 95 % interval at the segment's middle
  double offset_high_seconds = 0.0;
  double spread_seconds = 0.0;  ///< of the cues around it: a standard deviation, by their median

  double map(double seconds) const { return slope * seconds + offset_seconds; }
};

struct TimingModel {
  std::vector<TimingSegment>
      segments;           ///< of all cues, in order; one without changes where nothing is to be done
  bool identity = true;   ///< the subtitle's own times are kept
  double log_odds = 0.0;  ///< in nats, of these segments against the subtitle as it is
  bool at_search_edge = false;
  int64_t scored_cues = 0;
  int64_t support = 0;
};

/// The slopes that come of frame rates, with their names.
struct FrameRateRatio {
  double slope;
  std::string_view name;
};
std::span<const FrameRateRatio> frame_rate_ratios();

TimingModel fit_timing(std::span<const CueEvidence> cues, const TimingOptions& options = {});

}  // namespace wav2vec
