#pragma once
// A signal that comes in pieces, cut into the windows of a frame grid.

#include <functional>
#include <span>
#include <vector>

#include "wav2vec/audio/frame_grid.h"

namespace wav2vec {

/// The windows are the same however the signal is cut into pieces; a few windows are kept in memory.
class FrameCutter {
 public:
  /// [window_samples] samples of one frame.
  using OnWindow = std::function<void(int64_t frame, std::span<const float> window)>;

  explicit FrameCutter(const FrameGrid& grid)
      : grid_(grid), window_(static_cast<size_t>(grid.window_samples)) {}

  void push(std::span<const float> samples, const OnWindow& on_window);
  /// The end of the signal; afterwards another may begin.
  void finish(const OnWindow& on_window);

 private:
  void take(std::span<const float> samples, const OnWindow& on_window);
  void cut(const OnWindow& on_window);
  void forget();

  FrameGrid grid_;
  std::vector<float> window_;
  std::vector<float> buffer_;  ///< the signal from sample buffer_start_ on
  int64_t buffer_start_ = 0;
  int64_t received_ = 0;
  int64_t next_frame_ = 0;
};

}  // namespace wav2vec
