#include "wav2vec/model/context_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "kernels/elementwise.h"
#include "wav2vec/nn/residual.h"

namespace wav2vec {
namespace {

void copy_items(const Activations& from, const Activations& to) {
  for (int64_t b = 0; b < from.batch; ++b)
    std::copy_n(from.item(b), from.lengths[static_cast<size_t>(b)] * from.channels, to.item(b));
}

Activations push_padded(const Activations& x, int64_t pad_frames, Workspace& workspace) {
  const std::span<int64_t> lengths = workspace.push_integers(x.batch);
  for (size_t b = 0; b < lengths.size(); ++b) lengths[b] = x.lengths[b] + pad_frames;
  return workspace.push(x.batch, x.frames + pad_frames, x.channels, lengths);
}

// The skip path's r: the block's input, projected where the widths differ.
Activations residual_of(const ContextBlock& block, const Pass& pass, const Activations& x) {
  if (!block.has_projection) return x;
  const Activations r = pass.workspace.push(x.batch, x.frames, block.conv.out_channels, x.lengths);
  conv1d_forward(block.residual_projection, pass.parameters, x, r);
  return r;
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
  if (cache != nullptr) cache->blocks.resize(context.blocks.size());
  Activations x = z;
  for (size_t i = 0; i < context.blocks.size(); ++i) {
    const ContextBlock& block = context.blocks[i];
    const Activations padded = push_padded(x, block.conv.kernel - 1, pass.workspace);
    causal_pad_forward(x, block.conv.kernel - 1, context.padding, padded);
    const Activations conv_output =
        pass.workspace.push(x.batch, x.frames, block.conv.out_channels, x.lengths);
    conv1d_forward(block.conv, pass.parameters, padded, conv_output);
    if (pass.random != nullptr) apply_dropout(conv_output, context.dropout, i, *pass.random);
    const NormStatistics statistics = group_norm_statistics(block.norm, conv_output, pass.workspace);
    const Activations y = pass.workspace.push_like(conv_output);
    group_norm_forward(block.norm, pass.parameters, conv_output, statistics, y);
    if (block.skip) residual_forward(y, residual_of(block, pass, x), context.skip_scale);
    if (cache != nullptr) cache->blocks[i] = {x, padded, conv_output, statistics};
    x = y;
  }
  return x;
}

void context_backward(const ContextNetwork& context, const Pass& pass, const ContextCache& cache,
                      const Activations& dc, ParameterBlock& gradients, const Activations& dz) {
  const Workspace::Mark mark = pass.workspace.mark();
  Activations dy = dc;
  for (size_t i = context.blocks.size(); i-- > 0;) {
    const ContextBlock& block = context.blocks[i];
    const ContextCache::Block& saved = cache.blocks[i];
    const Activations dx = i == 0 ? dz : pass.workspace.push_like(saved.input);

    // out = (block(x) + R(x))·s: scale once, then the same gradient goes both ways.
    Activations through_skip;
    if (block.skip) {
      for (int64_t b = 0; b < dy.batch; ++b)
        kernels::scale(dy.item(b), dy.lengths[static_cast<size_t>(b)] * dy.channels, context.skip_scale);
      through_skip = pass.workspace.push_like(saved.input);
      if (block.has_projection) {
        conv1d_backward(block.residual_projection, pass.parameters, saved.input, dy, gradients,
                        &through_skip);
      } else {
        copy_items(dy, through_skip);
      }
    }
    group_norm_backward(block.norm, pass.parameters, saved.conv_output, saved.statistics, dy, gradients, dy);
    if (pass.random != nullptr) apply_dropout(dy, context.dropout, i, *pass.random);
    const Activations dpadded = pass.workspace.push_like(saved.padded);
    conv1d_backward(block.conv, pass.parameters, saved.padded, dy, gradients, &dpadded);
    causal_pad_backward(dpadded, block.conv.kernel - 1, context.padding, dx);
    if (block.skip) {
      for (int64_t b = 0; b < dx.batch; ++b)
        kernels::add(dx.item(b), through_skip.item(b), dx.lengths[static_cast<size_t>(b)] * dx.channels);
    }
    dy = dx;
  }
  pass.workspace.rewind(mark);
}

}  // namespace wav2vec
