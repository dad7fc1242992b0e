#include "wav2vec/model/text_tower.h"

#include <algorithm>

#include "wav2vec/core/error.h"
#include "wav2vec/nn/accumulate.h"

namespace wav2vec {
namespace {

// The mask of dropout, apart from those of other layers.
constexpr uint64_t kDropoutLayer = 2000;
constexpr int64_t kFarKernel = 3;
constexpr double kAloneBound = 3.0;

void relu(const Activations& x) {
  for (int64_t b = 0; b < x.batch; ++b) {
    for (int64_t i = 0; i < x.length(b) * x.channels; ++i) x.item(b)[i] = std::max(x.item(b)[i], 0.0F);
  }
}

// y: after ReLU.
void relu_backward(const Activations& y, const Activations& dy) {
  for (int64_t b = 0; b < y.batch; ++b) {
    for (int64_t i = 0; i < y.length(b) * y.channels; ++i) {
      if (y.item(b)[i] <= 0.0F) dy.item(b)[i] = 0.0F;
    }
  }
}

Activations push_output(const Conv1d& conv, const Activations& x, Workspace& workspace) {
  const std::span<int64_t> lengths = workspace.push_integers(x.batch);
  for (int64_t b = 0; b < x.batch; ++b) lengths[static_cast<size_t>(b)] = conv.output_frames(x.length(b));
  return workspace.push(x.batch, conv.output_frames(x.frames), conv.out_channels, lengths);
}

Activations one_hot(const TextTower& tower, std::span<const std::vector<int>> texts, int outside,
                    Workspace& workspace) {
  const std::span<int64_t> lengths = workspace.push_integers(std::ssize(texts));
  for (size_t b = 0; b < texts.size(); ++b) lengths[b] = std::ssize(texts[b]) + 2 * tower.margin();
  const Activations x =
      workspace.push(std::ssize(texts), *std::ranges::max_element(lengths), tower.tokens(), lengths);
  set_zero(x);
  for (int64_t b = 0; b < x.batch; ++b) {
    const std::vector<int>& text = texts[static_cast<size_t>(b)];
    for (int64_t i = 0; i < x.length(b); ++i) {
      const int64_t letter = i - tower.margin();
      const bool inside = letter >= 0 && letter < std::ssize(text);
      x.frame(b, i)[inside ? text[static_cast<size_t>(letter)] : outside] = 1.0F;
    }
  }
  return x;
}

// visit(row of the letter in x, its token)
template <class Visit>
void for_each_letter(const TextTower& tower, const TextTowerCache& cache, const Activations& x,
                     const Visit& visit) {
  for (int64_t b = 0; b < x.batch; ++b) {
    for (int64_t i = 0; i < x.length(b); ++i) {
      const float* letter = cache.letters.frame(b, i + tower.margin());
      visit(x.frame(b, i), std::find(letter, letter + tower.tokens(), 1.0F) - letter);
    }
  }
}

}  // namespace

TextTower make_text_tower(ParameterLayout& layout, const std::string& scope, int64_t tokens, int64_t channels,
                          int64_t context, int64_t sounds, double dropout) {
  return {.near = make_conv1d(layout, scope + ".near", tokens, channels, 2 * context + 1, 1, true),
          .far = make_conv1d(layout, scope + ".far", channels, channels, kFarKernel, 1, true),
          .sounds = make_conv1d(layout, scope + ".sounds", channels, sounds, 1, 1, true),
          .alone = layout.add({.name = scope + ".alone",
                               .shape = {tokens, sounds},
                               .init = ParameterInit::uniform,
                               .init_bound = kAloneBound}),
          .dropout = dropout};
}

Activations text_tower_forward(const TextTower& tower, const Pass& pass,
                               std::span<const std::vector<int>> texts, int outside, TextTowerCache& cache) {
  W2V_CHECK(!texts.empty(), "a text at least");
  cache.letters = one_hot(tower, texts, outside, pass.workspace);
  cache.near = push_output(tower.near, cache.letters, pass.workspace);
  conv1d_forward(tower.near, pass, {cache.letters}, cache.near);
  relu(cache.near);
  cache.far = push_output(tower.far, cache.near, pass.workspace);
  conv1d_forward(tower.far, pass, {cache.near}, cache.far);
  relu(cache.far);
  if (pass.random != nullptr && tower.dropout > 0.0)
    apply_dropout(cache.far, tower.dropout, kDropoutLayer, *pass.random);
  const Activations sounds = push_output(tower.sounds, cache.far, pass.workspace);
  conv1d_forward(tower.sounds, pass, {cache.far}, sounds);
  const auto alone = pass.parameters[tower.alone];
  for_each_letter(tower, cache, sounds, [&](float* row, int64_t token) {
    for (int64_t k = 0; k < sounds.channels; ++k)
      row[k] += alone[static_cast<size_t>(token * sounds.channels + k)];
  });
  return sounds;
}

void text_tower_backward(const TextTower& tower, const Pass& pass, const TextTowerCache& cache,
                         const Activations& dsounds, ParameterBlock& gradients,
                         const Activations* dfar_elsewhere) {
  const Workspace::Mark mark = pass.workspace.mark();
  const auto dalone = gradients[tower.alone];
  for_each_letter(tower, cache, dsounds, [&](const float* row, int64_t token) {
    for (int64_t k = 0; k < dsounds.channels; ++k)
      dalone[static_cast<size_t>(token * dsounds.channels + k)] += row[k];
  });
  const Activations dfar = pass.workspace.push_like(cache.far);
  conv1d_backward(tower.sounds, pass, {cache.far}, dsounds, gradients, &dfar);
  if (dfar_elsewhere != nullptr) add_to(dfar, *dfar_elsewhere);
  relu_backward(cache.far, dfar);
  if (pass.random != nullptr && tower.dropout > 0.0)
    apply_dropout(dfar, tower.dropout, kDropoutLayer, *pass.random);
  const Activations dnear = pass.workspace.push_like(cache.near);
  conv1d_backward(tower.far, pass, {cache.near}, dfar, gradients, &dnear);
  relu_backward(cache.near, dnear);
  conv1d_backward(tower.near, pass, {cache.letters}, dnear, gradients, nullptr);
  pass.workspace.rewind(mark);
}

}  // namespace wav2vec
