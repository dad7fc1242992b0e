#include "wav2vec/audio/frame_grid.h"

namespace wav2vec {

int64_t FrameGrid::frames_for(int64_t samples) const {
  if (!snip_edges) return (samples + hop_samples / 2) / hop_samples;
  return samples < window_samples ? 0 : 1 + (samples - window_samples) / hop_samples;
}

int64_t FrameGrid::first_sample_of(int64_t frame) const {
  const int64_t first = frame * hop_samples;
  return snip_edges ? first : first + hop_samples / 2 - window_samples / 2;
}

double FrameGrid::center_sample_of(int64_t frame) const {
  return static_cast<double>(first_sample_of(frame)) + static_cast<double>(window_samples - 1) / 2.0;
}

FrameGrid frame_grid(const WindowConfig& config, int64_t sample_rate_hz) {
  const auto rate = static_cast<double>(sample_rate_hz);
  return {static_cast<int64_t>(rate * config.frame_length_ms / 1000.0),
          static_cast<int64_t>(rate * config.frame_shift_ms / 1000.0), config.snip_edges};
}

int64_t mirrored_index(int64_t index, int64_t samples) {
  const int64_t period = 2 * samples;
  const int64_t phase = (index % period + period) % period;
  return phase < samples ? phase : period - 1 - phase;
}

}  // namespace wav2vec
