// The head on the network: gradients, and independence of batch mates.

#include "wav2vec/model/alignment_network.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "support/speech_like.h"
#include "wav2vec/core/rng.h"

using namespace wav2vec;

namespace {

constexpr int64_t kTokens = 5;

ModelConfig small_model() {
  ModelConfig m;
  m.encoder_channels = {8, 8, 8, 8, 8};
  m.context_channels = {8, 8};
  m.context_kernels = {3, 3};
  m.context_skip = true;
  m.activation = Activation::gelu;  // without kinks, so that differences of losses are slopes
  return m;
}

struct Trained {
  AlignmentNetwork network;
  ParameterBlock parameters;
  ParameterBlock gradients;
  Workspace workspace;

  explicit Trained(const HeadConfig& head)
      : network(small_model(), head, kTokens), parameters(network.layout), gradients(network.layout) {
    initialize_parameters(parameters, 3);
  }

  /// Σ logits · weights, which are the gradient too.
  static double weigh(const Activations& logits, const Activations& dlogits, uint64_t seed) {
    const RandomStream weights(seed, RandomUse::crop, {});
    double sum = 0.0;
    for (int64_t b = 0; b < logits.batch; ++b) {
      for (int64_t i = 0; i < logits.length(b) * logits.channels; ++i) {
        const double w = weights.uniform(static_cast<uint64_t>(i)) - 0.5;
        sum += w * logits.item(b)[i];
        dlogits.item(b)[i] = static_cast<float>(w);
      }
    }
    return sum;
  }

  /// Σ logits · weights over the valid frames, in double.
  double loss(std::vector<std::vector<float>>& items, const TrainingRandom* random, bool with_gradients) {
    std::vector<int64_t> lengths;
    for (const auto& item : items) lengths.push_back(std::ssize(item));
    const int64_t longest = *std::ranges::max_element(lengths);
    std::vector<float> samples(items.size() * static_cast<size_t>(longest), 0.0F);
    for (size_t b = 0; b < items.size(); ++b)
      std::ranges::copy(items[b], samples.begin() + static_cast<int64_t>(b) * longest);
    const Activations waveform{samples.data(), std::ssize(items), longest, 1, lengths};
    const auto mark = workspace.mark();
    const Pass pass{parameters, workspace, random};
    AlignmentCache cache;
    const AlignmentLogits both = alignment_forward(network, pass, waveform, &cache);
    const AlignmentLogits gradient{.sounds = workspace.push_like(both.sounds),
                                   .letters = workspace.push_like(both.letters)};
    const double sum = weigh(both.sounds, gradient.sounds, 5) + weigh(both.letters, gradient.letters, 6);
    if (with_gradients) {
      gradients.zero();
      alignment_backward(network, pass, cache, gradient, gradients);
    }
    workspace.rewind(mark);
    return sum;
  }
};

/// Along a direction in which every parameter changes: Σ gradient · direction against the difference of
/// losses.
void check_directions(Trained& trained, std::vector<std::vector<float>> items, const TrainingRandom* random) {
  trained.loss(items, random, true);
  const std::vector<float> kept(trained.parameters.flat().begin(), trained.parameters.flat().end());
  for (uint64_t seed = 0; seed < 4; ++seed) {
    const RandomStream random_direction(seed, RandomUse::crop, {7});
    std::vector<double> direction(kept.size());
    double expected = 0.0;
    for (size_t i = 0; i < kept.size(); ++i) {
      direction[i] = random_direction.uniform(i) - 0.5;
      expected += direction[i] * trained.gradients.flat()[i];
    }
    const double step = 2e-3;
    const auto loss_at = [&](double distance) {
      for (size_t i = 0; i < kept.size(); ++i)
        trained.parameters.flat()[i] = static_cast<float>(kept[i] + distance * direction[i]);
      return trained.loss(items, random, false);
    };
    const double measured = (loss_at(step) - loss_at(-step)) / (2.0 * step);
    std::ranges::copy(kept, trained.parameters.flat().begin());
    CHECK(expected == doctest::Approx(measured).epsilon(0.02).scale(1.0));
  }
}

}  // namespace

TEST_CASE("alignment network: gradients reach the head and, if wanted, the network below") {
  for (const bool tuned : {true, false}) {
    CAPTURE(tuned);
    Trained trained({.hidden = 6, .lstm_layers = 2, .dropout = 0.0, .network_rate = tuned ? 1.0 : 0.0});
    std::vector<std::vector<float>> items{test::glide(1, 4000), test::glide(2, 3000)};
    trained.loss(items, nullptr, true);
    double below = 0.0;
    for (const ParameterId id : trained.network.layout.by_name()) {
      if (trained.network.layout[id].name.starts_with("head.")) continue;
      for (const float g : trained.gradients[id]) below += std::abs(g);
    }
    CHECK((below > 0.0) == tuned);
    for (const ParameterId measured : {trained.network.log_priors, trained.network.calibration})
      CHECK(std::ranges::all_of(trained.gradients[measured], [](float g) { return g == 0.0F; }));
    if (tuned) check_directions(trained, items, nullptr);
  }
}

TEST_CASE("alignment network: with dropout the gradient is that of the masked network") {
  Trained trained({.hidden = 6, .lstm_layers = 2, .dropout = 0.3, .sounds = 7});
  const std::vector<uint64_t> keys{11, 12};
  const TrainingRandom random{4, keys};
  check_directions(trained, {test::glide(1, 4000), test::glide(2, 3000)}, &random);
}

TEST_CASE("alignment network: an utterance alone gives what it gives in a batch") {
  Trained trained({.hidden = 6, .dropout = 0.0});
  std::vector<std::vector<float>> a{test::glide(1, 4000)};
  std::vector<std::vector<float>> b{test::glide(2, 9000)};
  std::vector<std::vector<float>> both{a[0], b[0]};
  CHECK(trained.loss(both, nullptr, false) ==
        doctest::Approx(trained.loss(a, nullptr, false) + trained.loss(b, nullptr, false)).epsilon(1e-6));
}
