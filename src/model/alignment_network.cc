#include "wav2vec/model/alignment_network.h"

#include <fmt/format.h>

#include <algorithm>

#include "wav2vec/nn/accumulate.h"

namespace wav2vec {
namespace {

// Dropout masks of the head, apart from those of the network's layers.
constexpr uint64_t kFirstDropoutLayer = 1000;

void drop(const AlignmentNetwork& network, const Pass& pass, const Activations& x, size_t place) {
  if (pass.random != nullptr && network.config.dropout > 0.0)
    apply_dropout(x, network.config.dropout, kFirstDropoutLayer + place, *pass.random);
}

// A copy with dropout, for LSTMs read their outputs again in backward; x itself where there is none.
Activations dropped(const AlignmentNetwork& network, const Pass& pass, const Activations& x, size_t place) {
  if (pass.random == nullptr || network.config.dropout == 0.0) return x;
  const Activations copy = pass.workspace.push_like(x);
  for (int64_t b = 0; b < x.batch; ++b) std::copy_n(x.item(b), x.length(b) * x.channels, copy.item(b));
  drop(network, pass, copy, place);
  return copy;
}

// The head computes in f32 whatever the network does.
Pass head_pass(const Pass& pass) { return {pass.parameters, pass.workspace, pass.random}; }

Activations side_by_side(const Wav2VecFeatures& features, Workspace& workspace) {
  const Activations& z = features.z;
  const Activations& c = features.c;
  const Activations both = workspace.push(z.batch, z.frames, z.channels + c.channels, z.lengths);
  for (int64_t b = 0; b < z.batch; ++b) {
    for (int64_t t = 0; t < z.length(b); ++t) {
      std::copy_n(z.frame(b, t), z.channels, both.frame(b, t));
      std::copy_n(c.frame(b, t), c.channels, both.frame(b, t) + z.channels);
    }
  }
  return both;
}

}  // namespace

AlignmentNetwork::AlignmentNetwork(const ModelConfig& model_config, const HeadConfig& head_config,
                                   int64_t tokens)
    : config(head_config), model(make_wav2vec_model(model_config, layout)) {
  int64_t width = model_config.encoder_channels.back() + model_config.context_channels.back();
  for (int64_t i = 0; i < config.lstm_layers; ++i) {
    lstms.push_back(make_bidirectional_lstm(layout, fmt::format("head.lstm.{}", i), width, config.hidden));
    width = lstms.back().out_channels();
  }
  sounds = make_conv1d(layout, "head.sounds", width, config.sounds, 1, 1, true);
  letters = make_conv1d(layout, "head.letters", width, tokens, 1, 1, true);
  text = make_text_tower(layout, "head.text", tokens, config.text_channels, config.text_context,
                         config.sounds, config.dropout);
  if (config.fusion == Fusion::early) {
    attention = make_cross_attention(layout, "head.attention", config.text_channels, width,
                                     config.attention_channels, config.sounds);
  }
  log_priors =
      layout.add({.name = "head.log_priors", .shape = {config.sounds}, .init = ParameterInit::zeros});
  calibration = layout.add({.name = "head.calibration", .shape = {4}, .init = ParameterInit::zeros});
  layout.freeze();
}

AlignmentLogits alignment_forward(const AlignmentNetwork& network, const Pass& pass,
                                  const Activations& waveform, AlignmentCache* cache) {
  AlignmentCache unused;
  AlignmentCache& kept = cache != nullptr ? *cache : unused;
  kept.features =
      wav2vec_forward(network.model, pass, waveform,
                      cache != nullptr && network.config.tunes_network() ? &kept.network : nullptr);
  const Pass head = head_pass(pass);
  Activations x = side_by_side(kept.features, pass.workspace);
  kept.lstms.resize(network.lstms.size());
  for (size_t i = 0; i < network.lstms.size(); ++i)
    x = lstm_forward(network.lstms[i], head, dropped(network, pass, x, i), kept.lstms[i]);
  kept.last = dropped(network, pass, x, network.lstms.size());
  AlignmentLogits logits{.sounds = {}, .letters = {}, .hidden = kept.last};
  logits.sounds = pass.workspace.push(x.batch, x.frames, network.config.sounds, x.lengths);
  conv1d_forward(network.sounds, head, {kept.last}, logits.sounds);
  logits.letters = pass.workspace.push(x.batch, x.frames, network.tokens(), x.lengths);
  conv1d_forward(network.letters, head, {kept.last}, logits.letters);
  return logits;
}

void alignment_backward(const AlignmentNetwork& network, const Pass& pass, const AlignmentCache& cache,
                        const AlignmentLogits& dlogits, ParameterBlock& gradients) {
  const Workspace::Mark mark = pass.workspace.mark();
  const Pass head = head_pass(pass);
  Activations dx = pass.workspace.push_like(cache.last);
  conv1d_backward(network.sounds, head, {cache.last}, dlogits.sounds, gradients, &dx);
  const Activations from_letters = pass.workspace.push_like(dx);
  conv1d_backward(network.letters, head, {cache.last}, dlogits.letters, gradients, &from_letters);
  add_to(dx, from_letters);
  if (dlogits.hidden.data != nullptr) add_to(dx, dlogits.hidden);
  drop(network, pass, dx, network.lstms.size());
  for (size_t i = network.lstms.size(); i-- > 0;) {
    const bool wanted = i > 0 || network.config.tunes_network();
    const Activations below = wanted ? pass.workspace.push_like(cache.lstms[i].input) : Activations{};
    lstm_backward(network.lstms[i], head, cache.lstms[i], dx, gradients, wanted ? &below : nullptr);
    if (wanted) drop(network, pass, below, i);
    dx = below;
  }
  if (network.config.tunes_network()) {
    const Wav2VecFeatures& features = cache.features;
    const Activations dz = pass.workspace.push_like(features.z);
    const Activations dc = pass.workspace.push_like(features.c);
    for (int64_t b = 0; b < dx.batch; ++b) {
      for (int64_t t = 0; t < dx.length(b); ++t) {
        std::copy_n(dx.frame(b, t), dz.channels, dz.frame(b, t));
        std::copy_n(dx.frame(b, t) + dz.channels, dc.channels, dc.frame(b, t));
      }
    }
    wav2vec_backward(network.model, pass, cache.network, dz, dc, gradients);
  }
  pass.workspace.rewind(mark);
}

Activations text_forward(const AlignmentNetwork& network, const Pass& pass,
                         std::span<const std::vector<int>> texts, int outside, const Activations& hidden,
                         std::span<const AttendedFrames> attended, TextCache& cache) {
  const Pass head = head_pass(pass);
  const Activations logits = text_tower_forward(network.text, head, texts, outside, cache.tower);
  cache.attends = network.attention.has_value() && !attended.empty();
  if (cache.attends) {
    add_to(logits, cross_attention_forward(*network.attention, head, cache.tower.far, hidden, attended,
                                           cache.attention));
  }
  return logits;
}

void text_backward(const AlignmentNetwork& network, const Pass& pass, const TextCache& cache,
                   const Activations& dlogits, ParameterBlock& gradients, const Activations& dhidden) {
  const Workspace::Mark mark = pass.workspace.mark();
  const Pass head = head_pass(pass);
  if (cache.attends) {
    const Activations dfar = pass.workspace.push_like(cache.tower.far);
    const Activations dframes = pass.workspace.push_like(cache.attention.frames);
    cross_attention_backward(*network.attention, head, cache.attention, dlogits, gradients, dfar, dframes);
    add_to(dhidden, dframes);
    text_tower_backward(network.text, head, cache.tower, dlogits, gradients, &dfar);
  } else {
    text_tower_backward(network.text, head, cache.tower, dlogits, gradients);
  }
  pass.workspace.rewind(mark);
}

}  // namespace wav2vec
