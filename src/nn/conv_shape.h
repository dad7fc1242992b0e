#pragma once

#include "kernels/strided_conv.h"
#include "wav2vec/nn/conv1d.h"

namespace wav2vec {

inline kernels::ConvShape conv_shape(const Conv1d& conv, int64_t in_frames) {
  return {in_frames, conv.in_channels, conv.out_channels, conv.kernel, conv.stride};
}

}  // namespace wav2vec
