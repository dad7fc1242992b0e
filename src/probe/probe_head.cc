#include "wav2vec/probe/probe_head.h"

#include <algorithm>
#include <cmath>

#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

void mix_forward(const ProbeHead& head, std::span<const double> weights, const Activations& x,
                 const Activations& y) {
  for (int64_t b = 0; b < x.batch; ++b) {
    for (int64_t t = 0; t < x.length(b); ++t) {
      const float* in = x.frame(b, t);
      float* out = y.frame(b, t);
      std::fill_n(out, head.channels, 0.0F);
      for (int64_t l = 0; l < head.layers; ++l) {
        const auto w = static_cast<float>(weights[static_cast<size_t>(l)]);
        for (int64_t c = 0; c < head.channels; ++c) out[c] += w * in[l * head.channels + c];
      }
    }
  }
}

// With s = softmax(w) and g_l = Σ dy·x_l: dw_l = s_l · (g_l − Σ_k s_k · g_k).
void mix_backward(const ProbeHead& head, std::span<const double> weights, const Activations& x,
                  const Activations& dy, std::span<float> dw) {
  std::vector<double> g(weights.size(), 0.0);
  for (int64_t b = 0; b < x.batch; ++b) {
    for (int64_t t = 0; t < x.length(b); ++t) {
      const float* in = x.frame(b, t);
      const float* d = dy.frame(b, t);
      for (int64_t l = 0; l < head.layers; ++l) {
        float sum = 0.0F;
        for (int64_t c = 0; c < head.channels; ++c) sum += d[c] * in[l * head.channels + c];
        g[static_cast<size_t>(l)] += sum;
      }
    }
  }
  double mean = 0.0;
  for (size_t l = 0; l < g.size(); ++l) mean += weights[l] * g[l];
  for (size_t l = 0; l < g.size(); ++l) dw[l] += static_cast<float>(weights[l] * (g[l] - mean));
}

}  // namespace

ProbeHead make_probe_head(ParameterLayout& layout, const ProbeHeadConfig& config, int64_t layers,
                          int64_t channels, int64_t classes) {
  ProbeHead head{.layers = layers, .channels = channels};
  if (layers > 1)
    head.mix = layout.add({.name = "head.mix", .shape = {layers}, .init = ParameterInit::zeros});
  int64_t width = channels;
  if (config.kind == ProbeHeadKind::blstm) {
    head.lstm = make_bidirectional_lstm(layout, "head.lstm", channels, config.hidden);
    width = head.lstm->out_channels();
  }
  head.output = make_conv1d(layout, "head.output", width, classes, 1, 1, true);
  return head;
}

std::vector<double> mix_weights(const ProbeHead& head, const ParameterBlock& parameters) {
  if (head.layers == 1) return {1.0};
  std::vector<double> weights;
  double sum = 0.0;
  for (const float w : parameters[head.mix]) sum += weights.emplace_back(std::exp(static_cast<double>(w)));
  for (double& w : weights) w /= sum;
  return weights;
}

Activations probe_head_forward(const ProbeHead& head, const Pass& pass, const Activations& x,
                               ProbeHeadCache& cache) {
  W2V_CHECK(x.channels == head.layers * head.channels, "features of another width");
  cache.input = x;
  cache.mixed = x;
  if (head.layers > 1) {
    cache.mixed = pass.workspace.push(x.batch, x.frames, head.channels, x.lengths);
    mix_forward(head, mix_weights(head, pass.parameters), x, cache.mixed);
  }
  cache.output_input = head.lstm ? lstm_forward(*head.lstm, pass, cache.mixed, cache.lstm) : cache.mixed;
  const Activations logits = pass.workspace.push(x.batch, x.frames, head.output.out_channels, x.lengths);
  conv1d_forward(head.output, pass, {cache.output_input}, logits);
  return logits;
}

void probe_head_backward(const ProbeHead& head, const Pass& pass, const ProbeHeadCache& cache,
                         const Activations& dlogits, ParameterBlock& gradients, const Activations* dx) {
  W2V_CHECK(dx == nullptr || head.layers == 1, "no gradient goes through a mix");
  const Workspace::Mark mark = pass.workspace.mark();
  Activations dmixed;
  const Activations* into = dx;
  if (head.layers > 1) {
    dmixed = pass.workspace.push_like(cache.mixed);
    into = &dmixed;
  }
  if (head.lstm) {
    const Activations dh = pass.workspace.push_like(cache.output_input);
    conv1d_backward(head.output, pass, {cache.output_input}, dlogits, gradients, &dh);
    lstm_backward(*head.lstm, pass, cache.lstm, dh, gradients, into);
  } else {
    conv1d_backward(head.output, pass, {cache.output_input}, dlogits, gradients, into);
  }
  if (head.layers > 1)
    mix_backward(head, mix_weights(head, pass.parameters), cache.input, dmixed, gradients[head.mix]);
  pass.workspace.rewind(mark);
}

}  // namespace wav2vec
