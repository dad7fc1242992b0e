#include "wav2vec/extract/frame_windows.h"

#include <algorithm>

namespace wav2vec {

std::vector<FrameWindow> frame_windows(const FrameGeometry& z, int64_t samples, int64_t window_frames,
                                       int64_t context_frames) {
  const int64_t frames = z.frames_for(samples);
  // Rounded, so that a short rest belongs to the last window and a long one is one of its own.
  const int64_t count = std::max<int64_t>(1, (frames + window_frames / 2) / window_frames);
  std::vector<FrameWindow> windows;
  for (int64_t i = 0; i < count; ++i) {
    FrameWindow w;
    w.last = i + 1 == count;
    w.first_frame = i * window_frames;
    w.end_frame = w.last ? frames : w.first_frame + window_frames;
    w.first_sample = std::max<int64_t>(0, w.first_frame - context_frames) * z.hop_samples;
    const int64_t end_sample =
        std::min(samples, z.first_sample_of(w.end_frame - 1 + context_frames) + z.receptive_field_samples);
    w.samples = (w.last ? samples : end_sample) - w.first_sample;
    windows.push_back(w);
  }
  return windows;
}

}  // namespace wav2vec
