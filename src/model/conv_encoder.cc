#include "wav2vec/model/conv_encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "kernels/elementwise.h"
#include "wav2vec/core/error.h"
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

// Inference keeps two activations alive, the one read and the one written.
struct PingPong {
  std::span<float> memory[2];

  PingPong(const ConvEncoder& encoder, const Activations& waveform, Workspace& workspace) {
    int64_t sizes[2] = {0, 0};
    int64_t frames = waveform.frames;
    for (size_t i = 0; i < encoder.blocks.size(); ++i) {
      const Conv1d& conv = encoder.blocks[i].conv;
      frames = conv.output_frames(frames);
      sizes[i % 2] = std::max(sizes[i % 2], waveform.batch * frames * conv.out_channels);
    }
    for (size_t i = 0; i < 2; ++i) memory[i] = workspace.push_floats(sizes[i]);
  }
};

Activations forward_for_training(const ConvEncoder& encoder, const Pass& pass, Activations x,
                                 EncoderCache& cache) {
  cache.blocks.resize(encoder.blocks.size());
  for (size_t i = 0; i < encoder.blocks.size(); ++i) {
    const EncoderBlock& block = encoder.blocks[i];
    EncoderCache::Block& saved = cache.blocks[i];
    const auto lengths = push_output_lengths(block.conv, x.lengths, pass.workspace);
    saved.input = x;
    saved.conv_output =
        pass.workspace.push(x.batch, block.conv.output_frames(x.frames), block.conv.out_channels, lengths);
    conv1d_forward(block.conv, pass.parameters, x, saved.conv_output);
    saved.statistics = group_norm_statistics(block.norm, saved.conv_output, pass.workspace);
    const Activations y = pass.workspace.push_like(saved.conv_output);
    group_norm_forward(block.norm, pass.parameters, saved.conv_output, saved.statistics, y);
    if (block.skip) residual_forward(y, x, encoder.skip_scale);
    x = y;
  }
  cache.before_log = x;
  return x;
}

Activations forward_for_inference(const ConvEncoder& encoder, const Pass& pass, Activations x) {
  const PingPong buffers(encoder, x, pass.workspace);
  for (size_t i = 0; i < encoder.blocks.size(); ++i) {
    const EncoderBlock& block = encoder.blocks[i];
    const auto lengths = push_output_lengths(block.conv, x.lengths, pass.workspace);
    const Activations y{buffers.memory[i % 2].data(), x.batch, block.conv.output_frames(x.frames),
                        block.conv.out_channels, lengths};
    conv1d_forward(block.conv, pass.parameters, x, y);
    const auto statistics = group_norm_statistics(block.norm, y, pass.workspace);
    group_norm_forward(block.norm, pass.parameters, y, statistics, y);
    if (block.skip) residual_forward(y, x, encoder.skip_scale);
    x = y;
  }
  return x;
}

template <class F>
void for_each_item(const Activations& x, F f) {
  for (int64_t b = 0; b < x.batch; ++b) f(b, x.lengths[static_cast<size_t>(b)] * x.channels);
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
                      const Activations& dz, ParameterBlock& gradients, const Activations* dwaveform) {
  const Workspace::Mark mark = pass.workspace.mark();
  if (encoder.log_compression) {
    for_each_item(dz, [&](int64_t b, int64_t count) {
      kernels::log_compress_backward(dz.item(b), cache.before_log.item(b), count, dz.item(b));
    });
  }
  Activations dy = dz;
  for (size_t i = encoder.blocks.size(); i-- > 0;) {
    const EncoderBlock& block = encoder.blocks[i];
    const EncoderCache::Block& saved = cache.blocks[i];
    Activations residual_gradient;
    if (block.skip) {
      residual_gradient = pass.workspace.push_like(saved.input);
      for_each_item(residual_gradient,
                    [&](int64_t b, int64_t count) { std::fill_n(residual_gradient.item(b), count, 0.0F); });
      residual_backward(dy, residual_gradient, encoder.skip_scale);
    }
    group_norm_backward(block.norm, pass.parameters, saved.conv_output, saved.statistics, dy, gradients, dy);
    if (i == 0) {
      conv1d_backward(block.conv, pass.parameters, saved.input, dy, gradients, dwaveform);
    } else {
      const Activations dx = pass.workspace.push_like(saved.input);
      conv1d_backward(block.conv, pass.parameters, saved.input, dy, gradients, &dx);
      dy = dx;
    }
    if (block.skip && (i > 0 || dwaveform != nullptr)) {
      const Activations& dx = i == 0 ? *dwaveform : dy;
      for_each_item(
          dx, [&](int64_t b, int64_t count) { kernels::add(dx.item(b), residual_gradient.item(b), count); });
    }
  }
  pass.workspace.rewind(mark);
}

}  // namespace wav2vec
