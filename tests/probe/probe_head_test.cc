// The head of a probe and its losses against central differences.

#include "wav2vec/probe/probe_head.h"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "support/reference.h"
#include "wav2vec/probe/probe_loss.h"

using namespace wav2vec;

namespace {

constexpr int64_t kLayers = 3;
constexpr int64_t kChannels = 4;
constexpr int64_t kClasses = 5;

struct Setup {
  ProbeTask task;
  ParameterLayout layout;
  ProbeHead head;
  ParameterBlock parameters;
  Workspace workspace;
  std::vector<int64_t> lengths = {7, 4};
  std::vector<float> values;
  std::vector<std::vector<int32_t>> labels;

  static const ParameterLayout& frozen(ParameterLayout& layout) {
    layout.freeze();
    return layout;
  }

  Setup(ProbeTask of, ProbeHeadKind kind, int64_t layers)
      : task(of),
        head(make_probe_head(layout, {.kind = kind, .hidden = 3, .frames_per_step = 1}, layers, kChannels,
                             kClasses)),
        parameters(frozen(layout)) {
    initialize_parameters(parameters, 5);
    if (layers > 1) {
      for (size_t l = 0; l < parameters[head.mix].size(); ++l)
        parameters[head.mix][l] = 0.3F * static_cast<float>(l) - 0.2F;
    }
    for (const double value : test::random_values(8, 2 * 7 * layers * kChannels))
      values.push_back(static_cast<float>(value));
    if (has_frame_labels(task)) {
      labels = {{0, 1, -1, 4, 2, -1, 3}, {2, 2, -1, 0}};
    } else if (is_ctc(task)) {
      labels = {{1, 1, 3}, {2}};
    } else {
      labels = {{3}, {1}};
    }
  }

  Activations input() { return {values.data(), 2, 7, head.layers * kChannels, lengths}; }

  double loss(ParameterBlock* gradients, const Activations* dx) {
    const Workspace::Mark mark = workspace.mark();
    const Pass pass{parameters, workspace};
    ProbeHeadCache cache;
    const Activations logits = probe_head_forward(head, pass, input(), cache);
    const Activations dlogits = workspace.push_like(logits);
    const std::vector<const std::vector<int32_t>*> items{&labels[0], &labels[1]};
    const double value = probe_loss(task, logits, items, dlogits);
    if (gradients != nullptr) probe_head_backward(head, pass, cache, dlogits, *gradients, dx);
    workspace.rewind(mark);
    return value;
  }
};

void check_slope(Setup& setup, float& value, double gradient) {
  constexpr float kStep = 4e-3F;
  const float before = value;
  value = before + kStep;
  const double above = setup.loss(nullptr, nullptr);
  value = before - kStep;
  const double below = setup.loss(nullptr, nullptr);
  value = before;
  CHECK(gradient == doctest::Approx((above - below) / (2.0 * kStep)).epsilon(0.01).scale(0.05));
}

}  // namespace

TEST_CASE("probe head: gradients of every parameter are the slopes of every loss") {
  for (const ProbeTask task : {ProbeTask::phone_frames, ProbeTask::phone_ctc, ProbeTask::speaker}) {
    for (const ProbeHeadKind kind : {ProbeHeadKind::linear, ProbeHeadKind::blstm}) {
      for (const int64_t layers : {int64_t{1}, kLayers}) {
        CAPTURE(static_cast<int>(task));
        CAPTURE(static_cast<int>(kind));
        CAPTURE(layers);
        Setup setup(task, kind, layers);
        ParameterBlock gradients(setup.layout);
        setup.loss(&gradients, nullptr);
        for (size_t i = 0; i < gradients.flat().size(); ++i)
          check_slope(setup, setup.parameters.flat()[i], gradients.flat()[i]);
      }
    }
  }
}

TEST_CASE("probe head: the gradient of its input is the slope, and what lies behind an item's end has none") {
  for (const ProbeHeadKind kind : {ProbeHeadKind::linear, ProbeHeadKind::blstm}) {
    Setup setup(ProbeTask::phone_frames, kind, 1);
    ParameterBlock gradients(setup.layout);
    std::vector<float> dx(setup.values.size(), 0.0F);
    const Activations into{dx.data(), 2, 7, kChannels, setup.lengths};
    setup.loss(&gradients, &into);
    for (int64_t b = 0; b < 2; ++b) {
      for (int64_t t = 0; t < setup.lengths[static_cast<size_t>(b)]; ++t) {
        for (int64_t c = 0; c < kChannels; ++c) {
          const auto i = static_cast<size_t>((b * 7 + t) * kChannels + c);
          check_slope(setup, setup.values[i], dx[i]);
        }
      }
    }
    const double loss = setup.loss(nullptr, nullptr);
    for (size_t i = static_cast<size_t>((7 + 4) * kChannels); i < setup.values.size(); ++i)
      setup.values[i] = std::nanf("");
    CHECK(setup.loss(nullptr, nullptr) == loss);
  }
}

TEST_CASE("probe head: the weights of a mix add up to one") {
  Setup setup(ProbeTask::phone_frames, ProbeHeadKind::linear, kLayers);
  const std::vector<double> weights = mix_weights(setup.head, setup.parameters);
  CHECK(weights.size() == kLayers);
  CHECK(weights[0] + weights[1] + weights[2] == doctest::Approx(1.0));
  CHECK(weights[2] / weights[0] == doctest::Approx(std::exp(0.6)).epsilon(1e-5));
}

TEST_CASE("probe loss: labels that do not fit into the frames count nothing") {
  Setup setup(ProbeTask::phone_ctc, ProbeHeadKind::linear, 1);
  setup.labels[1] = {1, 1, 1, 1};  // needs seven frames, has four
  ParameterBlock gradients(setup.layout);
  const double loss = setup.loss(&gradients, nullptr);
  CHECK(std::isfinite(loss));
  for (const float g : gradients.flat()) CHECK(std::isfinite(g));
}

TEST_CASE("probe: a recogniser is judged on what it is read as") {
  ProbeRecipe recipe;
  recipe.probe.task = ProbeTask::character_ctc;
  recipe.decoding.beam = 8;
  CHECK(measure_names(recipe) == std::vector<std::string>{"CER", "WER", "CER, beam", "WER, beam"});
  const ProbeTargets targets{.classes = {"", " ", "a", "b"}, .labels = {{2, 1, 3}}, .texts = {"a b"}};
  // Reads "a", " ", "a": one character and one word of two are wrong.
  const std::vector<int32_t> path = {2, 2, 0, 1, 0, 2};
  std::vector<float> logits(path.size() * 4, 0.0F);
  for (size_t t = 0; t < path.size(); ++t) logits[t * 4 + static_cast<size_t>(path[t])] = 8.0F;
  const ProbeDecoder decoder{ProbeTask::character_ctc, recipe.decoding, nullptr};
  const auto counts =
      judge(decoder, targets, logits.data(), std::ssize(path), targets.labels[0], "a b", false);
  REQUIRE(counts.size() == 4);
  CHECK(counts[0] == ErrorCounts{.substitutions = 1, .reference = 3});
  CHECK(counts[1] == ErrorCounts{.substitutions = 1, .reference = 2});
  CHECK(counts[2] == counts[0]);
  CHECK(counts[3] == counts[1]);
  const auto quick = judge(decoder, targets, logits.data(), std::ssize(path), targets.labels[0], "a b", true);
  REQUIRE(quick.size() == 1);
  CHECK(quick[0] == counts[0]);
}
