#pragma once
// The first two blocks of the encoder over long input. The first block's output is the largest activation by
// far (four times the second's in wav2vec); here it exists for one chunk of time at a time, computed twice:
// once for its statistics, which need the whole utterance, and once to be read by the second convolution.

#include "wav2vec/model/conv_encoder.h"

namespace wav2vec {

/// Whether inference on an item of this many samples goes through chunks.
bool is_long_input(const ConvEncoder& encoder, int64_t samples);

/// y: the output of the second block's convolution. Returns its statistics.
NormStatistics first_two_blocks_in_chunks(const ConvEncoder& encoder, const Pass& pass,
                                          const Activations& waveform, const Activations& y);

}  // namespace wav2vec
