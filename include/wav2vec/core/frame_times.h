#pragma once
// When the frames of features are.

#include <cmath>
#include <cstdint>

namespace wav2vec {

/// Frame t is centred at first_frame_center_seconds + t · hop_seconds of its utterance, as frames.json says
/// (io/feature_writer.h).
struct FrameTimes {
  double first_frame_center_seconds = 0.0;
  double hop_seconds = 0.0;

  double center(int64_t frame) const {
    return first_frame_center_seconds + static_cast<double>(frame) * hop_seconds;
  }
  /// The first frame whose centre is not before this time; may be negative.
  int64_t frame_at(double seconds) const {
    // Times of labels and centres of frames come to the same instant by different sums.
    constexpr double kRoundingSeconds = 1e-6;
    return static_cast<int64_t>(
        std::ceil((seconds - kRoundingSeconds - first_frame_center_seconds) / hop_seconds));
  }
};

}  // namespace wav2vec
