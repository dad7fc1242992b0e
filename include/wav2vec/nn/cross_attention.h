#pragma once
// Rows of one sequence look at the frames of another: scaled dot-product attention with one head (Vaswani et
// al. 2017).

#include <cstdint>
#include <span>
#include <string>

#include "wav2vec/nn/conv1d.h"

namespace wav2vec {

/// y_i = O · Σ_t a(i, t) · v_t,  a(i, ·) = softmax over t of q_i · k_t / √channels, with linear q of the rows
/// and k, v of the frames.
struct CrossAttention {
  Conv1d queries;
  Conv1d keys;
  Conv1d values;
  ParameterId output;  ///< O, [channels, out_channels]
  int64_t out_channels = 0;

  int64_t channels() const { return queries.out_channels; }
};

/// Which frames a sequence of rows looks at: [first_frame, end_frame) of item `item`, within its length.
/// None: its y is 0.
struct AttendedFrames {
  int64_t item = 0;
  int64_t first_frame = 0;
  int64_t end_frame = 0;

  int64_t count() const { return end_frame > first_frame ? end_frame - first_frame : 0; }
};

/// What backward needs, views into the workspace; `attended` stays the caller's.
struct CrossAttentionCache {
  Activations rows;
  Activations frames;
  std::span<const AttendedFrames> attended;
  Activations queries;
  Activations keys;
  Activations values;
  Activations shares;   ///< a, [sequences, rows, most attended frames]
  Activations context;  ///< Σ a · v, [sequences, rows, channels]
};

/// Adds `<scope>.{queries,keys,values}.weight`, `<scope>.{queries,values}.bias` (one of the keys would change
/// nothing) and `<scope>.output`, which is 0 in the beginning, so that what y is added to begins as it was.
CrossAttention make_cross_attention(ParameterLayout& layout, const std::string& scope, int64_t row_channels,
                                    int64_t frame_channels, int64_t channels, int64_t out_channels);

/// rows: [sequences, rows, row channels], frames: [batch, frames, frame channels], both f32; attended:
/// [sequences], which need not be as many as the items -> y [sequences, rows, out_channels]. Frames that
/// nobody attends to are not read beyond keys and values, what lies behind a length not at all. Frames
/// outside of their item are an InternalError.
Activations cross_attention_forward(const CrossAttention& attention, const Pass& pass,
                                    const Activations& rows, const Activations& frames,
                                    std::span<const AttendedFrames> attended, CrossAttentionCache& cache);

/// Accumulates the gradients of the parameters; overwrites drows and dframes.
void cross_attention_backward(const CrossAttention& attention, const Pass& pass,
                              const CrossAttentionCache& cache, const Activations& dy,
                              ParameterBlock& gradients, const Activations& drows,
                              const Activations& dframes);

}  // namespace wav2vec
