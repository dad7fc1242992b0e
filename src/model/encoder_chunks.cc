#include "model/encoder_chunks.h"

#include <algorithm>

namespace wav2vec {
namespace {

// From here on the first block's output is not kept: 40 s of audio with 512 channels.
constexpr int64_t kLongElements = int64_t{64} << 20;
constexpr int64_t kChunkFrames = 8192;  // of the first block

// One item of a batch, cut in time.
struct Slice {
  Activations x;
  int64_t length[1];

  Slice(const Activations& source, int64_t b, int64_t first_frame, int64_t frames)
      : x(source), length{frames} {
    x.data = source.address(b, first_frame);
    x.batch = 1;
    x.frames = frames;
    x.lengths = length;
  }
  Slice(const Slice&) = delete;
};

int64_t input_frames(const Conv1d& conv, int64_t frames) { return (frames - 1) * conv.stride + conv.kernel; }

// Frames [first, first + frames) of the first convolution; pushed.
Activations first_convolution(const Conv1d& conv, const Pass& pass, const Activations& waveform, int64_t b,
                              int64_t first, int64_t frames, double* moments) {
  const std::span<int64_t> lengths = pass.workspace.push_integers(1);
  lengths[0] = frames;
  const Activations y = pass.workspace.push(1, frames, conv.out_channels, lengths, pass.dtype());
  const Slice input(waveform, b, first * conv.stride, input_frames(conv, frames));
  conv1d_forward_item(conv, pass, {input.x}, 0, y, moments);
  return y;
}

// Of the first block's convolution over item b.
void first_statistics(const EncoderBlock& block, const Pass& pass, const Activations& waveform, int64_t b,
                      NormStatistics statistics) {
  const Workspace::Mark mark = pass.workspace.mark();
  const int64_t frames = block.conv.output_frames(waveform.length(b));
  const std::span<double> moments = pass.workspace.push_doubles(2 * frames);
  const Workspace::Mark chunk_mark = pass.workspace.mark();
  for (int64_t t = 0; t < frames; t += kChunkFrames) {
    first_convolution(block.conv, pass, waveform, b, t, std::min(kChunkFrames, frames - t),
                      moments.data() + 2 * t);
    pass.workspace.rewind(chunk_mark);
  }
  merge_frame_moments(block.norm, moments, frames, statistics, 0);
  pass.workspace.rewind(mark);
}

}  // namespace

bool is_long_input(const ConvEncoder& encoder, int64_t samples) {
  if (encoder.blocks.size() < 2 || encoder.blocks[0].stored) return false;
  const Conv1d& conv = encoder.blocks[0].conv;
  return conv.output_frames(samples) * conv.out_channels > kLongElements;
}

NormStatistics first_two_blocks_in_chunks(const ConvEncoder& encoder, const Pass& pass,
                                          const Activations& waveform, const Activations& y) {
  const EncoderBlock& first = encoder.blocks[0];
  const EncoderBlock& second = encoder.blocks[1];
  const NormStatistics statistics = pass.workspace.push_floats(2 * y.batch);
  const Workspace::Mark mark = pass.workspace.mark();
  const NormStatistics first_norm = pass.workspace.push_floats(2);
  const std::span<double> moments = pass.workspace.push_doubles(2 * y.frames);
  const int64_t chunk_frames = std::max<int64_t>(1, kChunkFrames / second.conv.stride);
  for (int64_t b = 0; b < y.batch; ++b) {
    first_statistics(first, pass, waveform, b, first_norm);
    for (int64_t t = 0; t < y.length(b); t += chunk_frames) {
      const Workspace::Mark chunk_mark = pass.workspace.mark();
      const int64_t frames = std::min(chunk_frames, y.length(b) - t);
      const Activations x = first_convolution(first.conv, pass, waveform, b, t * second.conv.stride,
                                              input_frames(second.conv, frames), nullptr);
      const Slice out(y, b, t, frames);
      conv1d_forward_item(second.conv, pass, {x, &first.norm, first_norm}, 0, out.x, moments.data() + 2 * t);
      pass.workspace.rewind(chunk_mark);
    }
    merge_frame_moments(second.norm, moments, y.length(b), statistics, b);
  }
  pass.workspace.rewind(mark);
  return statistics;
}

}  // namespace wav2vec
