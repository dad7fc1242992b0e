#include "wav2vec/model/context_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "wav2vec/nn/residual.h"

namespace wav2vec {
namespace {

Activations push_padded(const Activations& x, int64_t pad_frames, Workspace& workspace) {
  const std::span<int64_t> lengths = workspace.push_integers(x.batch);
  for (size_t b = 0; b < lengths.size(); ++b) lengths[b] = x.lengths[b] + pad_frames;
  return workspace.push(x.batch, x.frames + pad_frames, x.channels, lengths);
}

// The skip path's r: the block's input, projected where the widths differ.
Activations residual_of(const ContextBlock& block, const Pass& pass, const Activations& x) {
  if (!block.has_projection) return x;
  const Activations r = pass.workspace.push(x.batch, x.frames, block.conv.out_channels, x.lengths);
  conv1d_forward(block.residual_projection, pass, {x}, r);
  return r;
}

// One block, of the input x that lies in `padded`; what backward needs goes to `saved`.
void padded_block_forward(const ContextNetwork& context, size_t index, const Pass& pass, const Activations& x,
                          const Activations& padded, const Activations& y, ContextCache::Block& saved) {
  const ContextBlock& block = context.blocks[index];
  const Activations conv_output = pass.workspace.push_like(y, pass.dtype());
  const bool dropout = pass.random != nullptr && context.dropout > 0.0;
  NormStatistics statistics;
  if (dropout) {
    conv1d_forward(block.conv, pass, {padded}, conv_output);
    apply_dropout(conv_output, context.dropout, index, *pass.random);
    statistics = group_norm_statistics(block.norm, pass, conv_output);
  } else {
    statistics = conv1d_norm_forward(block.conv, block.norm, pass, {padded}, conv_output);
  }
  group_norm_forward(block.norm, pass, conv_output, statistics, y);
  if (block.skip) residual_forward(y, residual_of(block, pass, x), context.skip_scale);
  saved = {x, padded, conv_output, statistics};
}

// Everything it pushes but y may be rewound for inference.
void block_forward(const ContextNetwork& context, size_t index, const Pass& pass, const Activations& x,
                   const Activations& y, ContextCache::Block& saved) {
  const int64_t pad_frames = context.blocks[index].conv.kernel - 1;
  const Activations padded = push_padded(x, pad_frames, pass.workspace);
  causal_pad_forward(x, pad_frames, context.padding, padded);
  padded_block_forward(context, index, pass, x, padded, y, saved);
}

Activations push_output(const ContextBlock& block, const Activations& x, Workspace& workspace) {
  return workspace.push(x.batch, x.frames, block.conv.out_channels, x.lengths);
}

// Every block writes its output behind the padding that the next one reads.
Activations forward_for_training(const ContextNetwork& context, const Pass& pass, const Activations& z,
                                 ContextCache& cache) {
  cache.blocks.resize(context.blocks.size());
  const auto pad_of = [&](size_t i) { return context.blocks[i].conv.kernel - 1; };
  Activations x = z;
  Activations padded = push_padded(x, pad_of(0), pass.workspace);
  causal_pad_forward(x, pad_of(0), context.padding, padded);
  for (size_t i = 0; i + 1 < context.blocks.size(); ++i) {
    Activations shape = z;
    shape.channels = context.blocks[i].conv.out_channels;
    const Activations next = push_padded(shape, pad_of(i + 1), pass.workspace);
    const Activations y = without_padding(next, pad_of(i + 1), z.lengths);
    padded_block_forward(context, i, pass, x, padded, y, cache.blocks[i]);
    fill_padding(next, pad_of(i + 1), context.padding);
    x = y;
    padded = next;
  }
  const size_t last = context.blocks.size() - 1;
  const Activations y = push_output(context.blocks[last], z, pass.workspace);
  padded_block_forward(context, last, pass, x, padded, y, cache.blocks[last]);
  return y;
}

// Blocks write to two outputs in turn; z, which the caller needs, is neither.
Activations forward_for_inference(const ContextNetwork& context, const Pass& pass, Activations x) {
  int64_t channels = 0;
  for (const ContextBlock& block : context.blocks) channels = std::max(channels, block.conv.out_channels);
  const Activations memory[2] = {pass.workspace.push(x.batch, x.frames, channels, x.lengths),
                                 pass.workspace.push(x.batch, x.frames, channels, x.lengths)};
  for (size_t i = 0; i < context.blocks.size(); ++i) {
    const Workspace::Mark mark = pass.workspace.mark();
    Activations y = memory[i % 2];
    y.channels = context.blocks[i].conv.out_channels;
    ContextCache::Block unused;
    block_forward(context, i, pass, x, y, unused);
    pass.workspace.rewind(mark);
    x = y;
  }
  return x;
}

}  // namespace

ContextNetwork make_context_network(const ModelConfig& config, ParameterLayout& layout) {
  ContextNetwork context;
  context.padding =
      config.context_padding == ContextPadding::replicate ? PadValue::first_frame : PadValue::zero;
  context.skip_scale = static_cast<float>(std::sqrt(config.residual_scale));
  context.dropout = config.dropout;
  int64_t in_channels = config.encoder_channels.back();
  for (size_t i = 0; i < config.context_channels.size(); ++i) {
    const std::string scope = fmt::format("feature_aggregator.conv_layers.{}", i);
    const int64_t channels = config.context_channels[i];
    ContextBlock block;
    block.conv = make_conv1d(layout, scope + ".1", in_channels, channels, config.context_kernels[i], 1,
                             config.context_bias);
    block.norm = make_group_norm(layout, scope + ".3", channels, config.norm_affine, config.activation);
    block.skip = config.context_skip;
    block.has_projection = block.skip && channels != in_channels;
    if (block.has_projection) {
      block.residual_projection = make_conv1d(layout, fmt::format("feature_aggregator.residual_proj.{}", i),
                                              in_channels, channels, 1, 1, false);
    }
    context.blocks.push_back(block);
    in_channels = channels;
  }
  return context;
}

Activations context_forward(const ContextNetwork& context, const Pass& pass, const Activations& z,
                            ContextCache* cache) {
  return cache != nullptr ? forward_for_training(context, pass, z, *cache)
                          : forward_for_inference(context, pass, z);
}

void context_backward(const ContextNetwork& context, const Pass& pass, const ContextCache& cache,
                      const Activations& dc, const GradientTarget& gradients, const Activations& dz) {
  const Workspace::Mark mark = pass.workspace.mark();
  Activations dy = dc;
  for (size_t i = context.blocks.size(); i-- > 0;) {
    const ContextBlock& block = context.blocks[i];
    const ContextCache::Block& saved = cache.blocks[i];
    const int64_t pad_frames = block.conv.kernel - 1;
    const Activations dpadded = pass.workspace.push_like(saved.padded);
    const Activations dx = i == 0 ? dz : without_padding(dpadded, pad_frames, saved.input.lengths);
    const Workspace::Mark block_mark = pass.workspace.mark();

    // out = (block(x) + R(x))·s
    const Activations dconv = pass.workspace.push_like(saved.conv_output);
    group_norm_backward(block.norm, pass, saved.conv_output, saved.statistics, dy,
                        block.skip ? context.skip_scale : 1.0F, gradients.block, dconv);
    if (pass.random != nullptr) apply_dropout(dconv, context.dropout, i, *pass.random);
    conv1d_backward(block.conv, pass, {saved.padded}, dconv, gradients, &dpadded);
    if (i == 0) {
      causal_pad_backward(dpadded, pad_frames, context.padding, dx);
    } else {
      collect_padding(dpadded, pad_frames, context.padding);
    }
    if (block.has_projection) {
      const Activations scaled = pass.workspace.push_like(dy);
      std::fill_n(scaled.item(0), scaled.size(), 0.0F);
      residual_backward(dy, scaled, context.skip_scale);
      const Activations through_skip = pass.workspace.push_like(saved.input);
      conv1d_backward(block.residual_projection, pass, {saved.input}, scaled, gradients, &through_skip);
      residual_backward(through_skip, dx, 1.0F);
    } else if (block.skip) {
      residual_backward(dy, dx, context.skip_scale);
    }
    tell_ready(gradients, {block.conv.weight, block.conv.bias, block.norm.weight, block.norm.bias,
                           block.residual_projection.weight});
    pass.workspace.rewind(block_mark);
    dy = dx;
  }
  pass.workspace.rewind(mark);
}

}  // namespace wav2vec
