#pragma once
// Long audio in windows that are computed one by one, each with some context on both sides.

#include <cstdint>
#include <vector>

#include "wav2vec/config/model_config.h"

namespace wav2vec {

/// Frames of z and the samples that are read for them.
struct FrameWindow {
  int64_t first_frame = 0;
  int64_t end_frame = 0;
  int64_t first_sample = 0;
  int64_t samples = 0;
  bool last = false;
};

/// Windows of `window_frames` from frame 0 on, one at least; a rest of less than half belongs to the last of
/// them, which reads to the end. Context is read as far as there is audio.
std::vector<FrameWindow> frame_windows(const FrameGeometry& z, int64_t samples, int64_t window_frames,
                                       int64_t context_frames);

}  // namespace wav2vec
