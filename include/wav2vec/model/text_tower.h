#pragma once
// From letters to the sounds that they stand for: a letter is pronounced by its neighbours' leave.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "wav2vec/nn/conv1d.h"

namespace wav2vec {

/// Logits of sounds for every letter: what it mostly stands for, and what two convolutions with ReLU over
/// one-hot letters add to it.
struct TextTower {
  Conv1d near;  ///< sees `context` letters on either side
  Conv1d far;   ///< one more
  Conv1d sounds;
  ParameterId alone;     ///< [tokens, sounds]
  double dropout = 0.0;  ///< on what enters `sounds`

  int64_t tokens() const { return near.in_channels; }
  int64_t margin() const { return near.kernel / 2 + far.kernel / 2; }
};

/// What backward needs, views into the workspace.
struct TextTowerCache {
  Activations letters;  ///< one-hot, with the margins
  Activations near;     ///< after ReLU
  Activations far;      ///< likewise, and after dropout
};

/// Adds `<scope>.{near,far,sounds}.{weight,bias}` and `<scope>.alone`, U(±3): letters stand for sounds from
/// the beginning, for an audio tower that knows no sounds yet and letters that stand for none would learn
/// nothing from each other.
TextTower make_text_tower(ParameterLayout& layout, const std::string& scope, int64_t tokens, int64_t channels,
                          int64_t context, int64_t sounds, double dropout);

/// -> logits [batch, letters, sounds]. Beyond the ends of a text stands `outside`.
Activations text_tower_forward(const TextTower& tower, const Pass& pass,
                               std::span<const std::vector<int>> texts, int outside, TextTowerCache& cache);

/// Leaves the gradients of the parameters. `dfar_elsewhere`: that of cache.far from elsewhere, or
/// null.
void text_tower_backward(const TextTower& tower, const Pass& pass, const TextTowerCache& cache,
                         const Activations& dsounds, ParameterBlock& gradients,
                         const Activations* dfar_elsewhere = nullptr);

}  // namespace wav2vec
