#pragma once
// Where Kaldi's analysis windows lie in the signal (feature-window.cc: NumFrames, FirstSampleOfFrame).

#include <cstdint>

#include "wav2vec/config/fbank_config.h"

namespace wav2vec {

struct FrameGrid {
  int64_t window_samples = 1;
  int64_t hop_samples = 1;
  bool snip_edges = true;

  /// snip_edges: the windows that fit into the signal; otherwise its length divided by the hop, rounded to
  /// the nearest.
  int64_t frames_for(int64_t samples) const;
  /// Negative where a window (without snip_edges) begins before the signal: there, and behind the end, the
  /// signal is continued by its mirror image, the last sample first.
  int64_t first_sample_of(int64_t frame) const;
  /// Middle of the window, in samples.
  double center_sample_of(int64_t frame) const;
};

/// Window and hop are rounded down to whole samples.
FrameGrid frame_grid(const WindowConfig& config, int64_t sample_rate_hz);

/// Where the mirrored signal of `samples` > 0 samples has the value of position `index`.
int64_t mirrored_index(int64_t index, int64_t samples);

}  // namespace wav2vec
