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
  bool with_texts = false;

  explicit Trained(const HeadConfig& head)
      : network(small_model(), head, kTokens), parameters(network.layout), gradients(network.layout) {
    initialize_parameters(parameters, 3);
    if (!network.attention) return;
    const RandomStream random(9, RandomUse::crop, {});
    const auto output = parameters[network.attention->output];
    for (size_t i = 0; i < output.size(); ++i) output[i] = static_cast<float>(random.uniform(i) - 0.5);
  }

  Activations zeros(const Activations& x) {
    const Activations y = workspace.push_like(x);
    std::fill_n(y.item(0), y.size(), 0.0F);
    return y;
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
    AlignmentLogits gradient{.sounds = workspace.push_like(both.sounds),
                             .letters = workspace.push_like(both.letters)};
    double sum = weigh(both.sounds, gradient.sounds, 5) + weigh(both.letters, gradient.letters, 6);
    if (network.attention) gradient.hidden = zeros(both.hidden);
    // Two texts on the first item, one on a part of it; and on the last item another one.
    const std::vector<std::vector<int>> texts{{1, 2, 3, 0}, {3, 1}, {4, 4, 2}};
    const int64_t last = both.hidden.batch - 1;
    std::vector<AttendedFrames> attended;
    if (network.attention)
      attended = {{0, 0, both.hidden.length(0)}, {0, 2, 7}, {last, 0, both.hidden.length(last)}};
    TextCache text_cache;
    const std::vector<uint64_t> text_keys{21, 22, 23};
    const TrainingRandom text_random{4, text_keys};
    const Pass text_pass{parameters, workspace, random != nullptr ? &text_random : nullptr};
    const Activations meant = text_forward(network, text_pass, texts, 1, both.hidden, attended, text_cache);
    const Activations dmeant = workspace.push_like(meant);
    if (with_texts) sum += weigh(meant, dmeant, 8);
    if (with_gradients) {
      gradients.zero();
      if (with_texts) text_backward(network, text_pass, text_cache, dmeant, gradients, gradient.hidden);
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

TEST_CASE("alignment network: gradients of letters, with early fusion through the audio as well") {
  for (const Fusion fusion : {Fusion::late, Fusion::early}) {
    for (const double dropout : {0.0, 0.3}) {
      CAPTURE(dropout);
      Trained trained({.hidden = 6,
                       .dropout = dropout,
                       .sounds = 7,
                       .text_channels = 8,
                       .text_context = 1,
                       .fusion = fusion,
                       .attention_channels = 5});
      trained.with_texts = true;
      const std::vector<uint64_t> keys{11, 12};
      const TrainingRandom random{4, keys};
      check_directions(trained, {test::glide(1, 4000), test::glide(2, 3000)},
                       dropout > 0.0 ? &random : nullptr);
    }
  }
}

TEST_CASE("alignment network: early fusion begins as late, and letters that attend to nothing stand alone") {
  const HeadConfig late{.hidden = 6, .dropout = 0.0, .sounds = 7, .text_channels = 8};
  HeadConfig early = late;
  early.fusion = Fusion::early;
  const std::vector<std::vector<int>> texts{{1, 2, 3, 0}};
  const auto logits = [&](const HeadConfig& config, bool begins, const AttendedFrames& attended) {
    Trained trained(config);
    if (begins) initialize_parameters(trained.parameters, 3);
    std::vector<float> samples = test::glide(1, 4000);
    const std::vector<int64_t> lengths{std::ssize(samples)};
    const Pass pass{trained.parameters, trained.workspace};
    const AlignmentLogits heard =
        alignment_forward(trained.network, pass, {samples.data(), 1, lengths[0], 1, lengths}, nullptr);
    TextCache unused;
    const Activations y = text_forward(trained.network, pass, texts, 1, heard.hidden, {&attended, 1}, unused);
    return std::vector<float>(y.item(0), y.item(0) + y.size());
  };
  const std::vector<float> alone = logits(late, true, {0, 0, 9});
  CHECK(logits(early, true, {0, 0, 9}) == alone);
  CHECK(logits(early, false, {}) == alone);
  CHECK(logits(early, false, {0, 0, 9}) != alone);
  CHECK(logits(early, false, {0, 0, 9}) != logits(early, false, {0, 3, 9}));
}

TEST_CASE("alignment network: an utterance alone gives what it gives in a batch") {
  Trained trained({.hidden = 6, .dropout = 0.0});
  std::vector<std::vector<float>> a{test::glide(1, 4000)};
  std::vector<std::vector<float>> b{test::glide(2, 9000)};
  std::vector<std::vector<float>> both{a[0], b[0]};
  CHECK(trained.loss(both, nullptr, false) ==
        doctest::Approx(trained.loss(a, nullptr, false) + trained.loss(b, nullptr, false)).epsilon(1e-6));
}
