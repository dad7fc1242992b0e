#include "wav2vec/model/conv_encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "kernels/elementwise.h"
#include "wav2vec/core/error.h"
#include "wav2vec/nn/convert.h"
#include "wav2vec/nn/residual.h"

namespace wav2vec {
namespace {

std::span<const int64_t> push_output_lengths(const Conv1d& conv, std::span<const int64_t> lengths,
                                             Workspace& workspace) {
  const std::span<int64_t> out = workspace.push_integers(static_cast<int64_t>(lengths.size()));
  for (size_t b = 0; b < lengths.size(); ++b) {
    out[b] = conv.output_frames(lengths[b]);
    W2V_CHECK(out[b] > 0, fmt::format("item {} has {} frames, kernel {}", b, lengths[b], conv.kernel));
  }
  return out;
}

// Memory for activations of which only two, the one read and the one written, are alive at a time.
class PingPong {
 public:
  /// elements[i] is needed at turn i.
  PingPong(std::span<const int64_t> elements, DType dtype, Workspace& workspace) : dtype_(dtype) {
    for (size_t i = 0; i < elements.size(); ++i) sizes_[i % 2] = std::max(sizes_[i % 2], elements[i]);
    // The larger one first, while there is a choice of memory.
    const size_t first = sizes_[0] < sizes_[1] ? 1 : 0;
    for (const size_t i : {first, 1 - first})
      memory_[i] = workspace.push(1, 1, sizes_[i], workspace.push_integers(1), dtype).data;
  }

  Activations like(const Activations& x, size_t turn) const {
    return {memory_[turn % 2], x.batch, x.frames, x.channels, x.lengths, dtype_};
  }

 private:
  DType dtype_;
  int64_t sizes_[2] = {0, 0};
  void* memory_[2] = {nullptr, nullptr};
};

// Shapes of every block's output, without memory.
std::vector<Activations> output_shapes(const ConvEncoder& encoder, const Activations& waveform,
                                       Workspace& workspace) {
  std::vector<Activations> shapes;
  Activations x = waveform;
  for (const EncoderBlock& block : encoder.blocks) {
    x = {nullptr, x.batch, block.conv.output_frames(x.frames), block.conv.out_channels,
         push_output_lengths(block.conv, x.lengths, workspace)};
    shapes.push_back(x);
  }
  return shapes;
}

DType output_dtype(const ConvEncoder& encoder, const Pass& pass, size_t i) {
  return i + 1 == encoder.blocks.size() ? DType::f32 : pass.dtype();
}

// The residual has the type of what it is added to.
void add_residual(const EncoderBlock& block, const ConvEncoder& encoder, const Activations& x,
                  const Activations& y, Workspace& workspace) {
  if (!block.skip) return;
  const Workspace::Mark mark = workspace.mark();
  Activations r = x;
  if (x.dtype != y.dtype) {
    r = workspace.push_like(x, y.dtype);
    convert(x, r);
  }
  residual_forward(y, r, encoder.skip_scale);
  workspace.rewind(mark);
}

Activations forward_for_training(const ConvEncoder& encoder, const Pass& pass, const Activations& waveform,
                                 EncoderCache& cache) {
  const std::vector<Activations> shapes = output_shapes(encoder, waveform, pass.workspace);
  cache.blocks.resize(encoder.blocks.size());
  NormedActivations x{waveform};
  for (size_t i = 0; i < encoder.blocks.size(); ++i) {
    const EncoderBlock& block = encoder.blocks[i];
    EncoderCache::Block& saved = cache.blocks[i];
    saved.input = x;
    saved.conv_output = pass.workspace.push_like(shapes[i], pass.dtype());
    saved.statistics = conv1d_norm_forward(block.conv, block.norm, pass, x, saved.conv_output);
    if (block.stored) {
      const Activations y = pass.workspace.push_like(shapes[i], output_dtype(encoder, pass, i));
      group_norm_forward(block.norm, pass, saved.conv_output, saved.statistics, y);
      add_residual(block, encoder, x.x, y, pass.workspace);
      x = {y};
    } else {
      x = {saved.conv_output, &block.norm, saved.statistics};
    }
  }
  cache.before_log = x.x;
  return x.x;
}

Activations forward_for_inference(const ConvEncoder& encoder, const Pass& pass, const Activations& waveform) {
  const std::vector<Activations> shapes = output_shapes(encoder, waveform, pass.workspace);
  std::vector<int64_t> sizes;  // of what each turn must hold
  for (const Activations& shape : shapes) sizes.push_back(shape.size());
  const PingPong memory(sizes, pass.dtype(), pass.workspace);
  NormedActivations x{waveform};
  for (size_t i = 0; i < encoder.blocks.size(); ++i) {
    const EncoderBlock& block = encoder.blocks[i];
    const Activations conv_output = memory.like(shapes[i], i);
    const NormStatistics statistics = conv1d_norm_forward(block.conv, block.norm, pass, x, conv_output);
    // In f32 normalising in place costs no memory, normalising on reading does.
    if (block.stored || pass.dtype() == DType::f32) {
      const DType dtype = output_dtype(encoder, pass, i);
      const Activations y =
          dtype == conv_output.dtype ? conv_output : pass.workspace.push_like(shapes[i], dtype);
      group_norm_forward(block.norm, pass, conv_output, statistics, y);
      add_residual(block, encoder, x.x, y, pass.workspace);
      x = {y};
    } else {
      x = {conv_output, &block.norm, statistics};
    }
  }
  return x.x;
}

Activations item_of(const Activations& x, int64_t b) {
  return {x.address(b), 1, x.frames, x.channels, x.lengths.subspan(static_cast<size_t>(b), 1), x.dtype};
}

// What backward needs of item b.
EncoderCache::Block item_of(const EncoderCache::Block& saved, int64_t b) {
  const auto of_item = [b](NormStatistics s) {
    return s.empty() ? s : s.subspan(static_cast<size_t>(2 * b), 2);
  };
  return {{item_of(saved.input.x, b), saved.input.norm, of_item(saved.input.statistics)},
          item_of(saved.conv_output, b),
          of_item(saved.statistics)};
}

// From the gradient of a block's output to that of its convolution's; pushed unless it may replace dy.
Activations norm_backward(const ConvEncoder& encoder, const EncoderBlock& block, const Pass& pass,
                          const EncoderCache::Block& saved, const Activations& dy,
                          ParameterBlock& gradients) {
  // A skip connection needs dy once more below.
  const bool in_place = !block.skip && dy.dtype == saved.conv_output.dtype;
  const Activations dconv = in_place ? dy : pass.workspace.push_like(saved.conv_output);
  group_norm_backward(block.norm, pass, saved.conv_output, saved.statistics, dy,
                      block.skip ? encoder.skip_scale : 1.0F, gradients, dconv);
  return dconv;
}

// From the gradients of a block's output and convolution to that of its input.
void input_backward(const ConvEncoder& encoder, const EncoderBlock& block, const Pass& pass,
                    const Activations& dy, const Activations& dconv, const Activations& dx) {
  conv1d_backward_data(block.conv, pass, dconv, dx);
  if (!block.skip) return;
  const Workspace::Mark mark = pass.workspace.mark();
  Activations r = dy;
  if (dy.dtype != dx.dtype) {
    r = pass.workspace.push_like(dy, dx.dtype);
    convert(dy, r);
  }
  residual_backward(r, dx, encoder.skip_scale);
  pass.workspace.rewind(mark);
}

void first_block_backward(const ConvEncoder& encoder, const Pass& pass, const EncoderCache::Block& saved,
                          const Activations& dy, const GradientTarget& gradients,
                          const Activations* dwaveform) {
  const EncoderBlock& block = encoder.blocks[0];
  const Workspace::Mark mark = pass.workspace.mark();
  const Activations dconv = norm_backward(encoder, block, pass, saved, dy, gradients.block);
  conv1d_backward_weights(block.conv, pass, saved.input, dconv, gradients);
  if (dwaveform != nullptr) input_backward(encoder, block, pass, dy, dconv, *dwaveform);
  pass.workspace.rewind(mark);
}

template <class F>
void for_each_item(const Activations& x, F f) {
  for (int64_t b = 0; b < x.batch; ++b) f(b, x.length(b) * x.channels);
}

}  // namespace

ConvEncoder make_conv_encoder(const ModelConfig& config, ParameterLayout& layout) {
  ConvEncoder encoder;
  encoder.skip_scale = static_cast<float>(std::sqrt(config.residual_scale));
  encoder.log_compression = config.log_compression;
  int64_t in_channels = 1;
  for (size_t i = 0; i < config.encoder_channels.size(); ++i) {
    const std::string scope = fmt::format("feature_extractor.conv_layers.{}", i);
    const int64_t channels = config.encoder_channels[i];
    EncoderBlock block;
    block.conv = make_conv1d(layout, scope + ".0", in_channels, channels, config.encoder_kernels[i],
                             config.encoder_strides[i], false);
    block.norm = make_group_norm(layout, scope + ".2", channels, config.norm_affine, config.activation);
    block.skip = config.encoder_skip && channels == in_channels;
    encoder.blocks.push_back(block);
    in_channels = channels;
  }
  for (size_t i = 0; i < encoder.blocks.size(); ++i) {
    const bool last = i + 1 == encoder.blocks.size();
    encoder.blocks[i].stored = last || encoder.blocks[i].skip || encoder.blocks[i + 1].skip;
  }
  return encoder;
}

Activations encoder_forward(const ConvEncoder& encoder, const Pass& pass, const Activations& waveform,
                            EncoderCache* cache) {
  const Activations last = cache != nullptr ? forward_for_training(encoder, pass, waveform, *cache)
                                            : forward_for_inference(encoder, pass, waveform);
  if (!encoder.log_compression) return last;
  const Activations z = cache != nullptr ? pass.workspace.push_like(last) : last;
  for_each_item(z, [&](int64_t b, int64_t count) { kernels::log_compress(last.item(b), count, z.item(b)); });
  return z;
}

void encoder_backward(const ConvEncoder& encoder, const Pass& pass, const EncoderCache& cache,
                      const Activations& dz, const GradientTarget& gradients, const Activations* dwaveform) {
  const Workspace::Mark mark = pass.workspace.mark();
  if (encoder.log_compression) {
    for_each_item(dz, [&](int64_t b, int64_t count) {
      kernels::log_compress_backward(dz.item(b), cache.before_log.item(b), count, dz.item(b));
    });
  }
  const auto block_ready = [&](const EncoderBlock& block) {
    tell_ready(gradients, {block.conv.weight, block.conv.bias, block.norm.weight, block.norm.bias});
  };
  if (encoder.blocks.size() == 1)
    first_block_backward(encoder, pass, cache.blocks[0], dz, gradients, dwaveform);
  std::vector<int64_t> sizes = {0};  // turn i: the gradient of block i's input
  for (size_t i = 1; i < encoder.blocks.size(); ++i) sizes.push_back(cache.blocks[i].input.x.size());
  if (sizes.size() > 1) sizes[1] /= dz.batch;
  const PingPong memory(sizes, pass.dtype(), pass.workspace);
  Activations dy = dz;
  for (size_t i = encoder.blocks.size(); i-- > 1;) {
    const EncoderBlock& block = encoder.blocks[i];
    const EncoderCache::Block& saved = cache.blocks[i];
    const Workspace::Mark block_mark = pass.workspace.mark();
    const Activations dconv = norm_backward(encoder, block, pass, saved, dy, gradients.block);
    conv1d_backward_weights(block.conv, pass, saved.input, dconv, gradients);
    block_ready(block);
    if (i > 1) {
      const Activations dx = memory.like(saved.input.x, i);
      input_backward(encoder, block, pass, dy, dconv, dx);
      dy = dx;
    } else {
      // The first block's output is most of what a step stores; its gradient exists for one item at a time.
      for (int64_t b = 0; b < dz.batch; ++b) {
        const Activations dx = memory.like(item_of(saved.input.x, b), i);
        input_backward(encoder, block, pass, item_of(dy, b), item_of(dconv, b), dx);
        const bool first = b == 0;
        std::optional<Activations> dwave;
        if (dwaveform != nullptr) dwave = item_of(*dwaveform, b);
        first_block_backward(encoder, pass, item_of(cache.blocks[0], b), dx,
                             first ? gradients : accumulating(gradients), dwave ? &*dwave : nullptr);
      }
    }
    pass.workspace.rewind(block_mark);
  }
  block_ready(encoder.blocks[0]);
  pass.workspace.rewind(mark);
}

}  // namespace wav2vec
