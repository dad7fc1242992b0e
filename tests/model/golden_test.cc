// The golden vectors: float64 truth of fairseq's own model and criterion (tests/data/golden/README.md).
// Every limit is the one that the vectors' README states; measure: max|a − ref| / max|ref| per tensor.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "support/golden.h"
#include "support/network.h"

using namespace wav2vec;
using test::Golden;

namespace {

constexpr double kFeatureLimit = 1e-5;
constexpr double kLossLimit = 3e-6;
constexpr double kGradientLimit = 2e-5;

double relative_error(const std::vector<double>& actual, const std::vector<double>& expected) {
  REQUIRE(actual.size() == expected.size());
  double error = 0.0;
  double top = 0.0;
  for (size_t i = 0; i < actual.size(); ++i) {
    error = std::max(error, std::fabs(actual[i] - expected[i]));
    top = std::max(top, std::fabs(expected[i]));
  }
  REQUIRE(top > 0.0);
  return error / top;
}

// [batch, frames, channels] -> the vectors' (B, C, T).
std::vector<double> channels_first(const Activations& x) {
  std::vector<double> out;
  for (int64_t b = 0; b < x.batch; ++b) {
    for (int64_t c = 0; c < x.channels; ++c) {
      for (int64_t t = 0; t < x.length(b); ++t) out.push_back(static_cast<double>(x.frame(b, t)[c]));
    }
  }
  return out;
}

// fairseq's flat order. BCE: step, copy, batch, frame; InfoNCE: step, frame, batch, copy.
std::vector<double> flat_predictions(const Golden& g, const std::vector<ItemLogits>& logits, int64_t offset) {
  std::vector<double> out;
  const auto value = [&](int64_t b, int64_t t, int64_t step, int64_t copy) {
    const ItemLogits& item = logits[static_cast<size_t>(b)];
    return static_cast<double>(
        item.values[static_cast<size_t>((t * item.steps + step) * item.copies + copy)]);
  };
  const int64_t copies = logits[0].copies;
  for (int64_t step = 0; step < std::min(g.objective.prediction_steps, g.frames - offset); ++step) {
    const int64_t frames = g.frames - offset - step;
    if (g.objective.loss == ContrastiveLoss::infonce) {
      for (int64_t t = 0; t < frames; ++t)
        for (int64_t b = 0; b < g.batch; ++b)
          for (int64_t copy = 0; copy < copies; ++copy) out.push_back(value(b, t, step, copy));
    } else {
      for (int64_t copy = 0; copy < copies; ++copy)
        for (int64_t b = 0; b < g.batch; ++b)
          for (int64_t t = 0; t < frames; ++t) out.push_back(value(b, t, step, copy));
    }
  }
  return out;
}

// base and large: ~16 strided samples, sum and norm stand for the tensor.
void check_statistics(const nlohmann::json& expected, const std::vector<double>& actual, double limit) {
  const auto stride = expected.at("sample_stride").get<size_t>();
  const double top = expected.at("absmax").get<double>();
  size_t j = 0;
  for (const auto& sample : expected.at("samples")) {
    REQUIRE(j * stride < actual.size());
    CHECK(std::fabs(actual[j * stride] - sample.get<double>()) <= limit * top);
    ++j;
  }
  double squares = 0.0;
  double sum = 0.0;
  double largest = 0.0;
  for (double v : actual) {
    squares += v * v;
    sum += v;
    largest = std::max(largest, std::fabs(v));
  }
  const double l2 = expected.at("l2").get<double>();
  CHECK(std::fabs(std::sqrt(squares) - l2) <= limit * l2);
  CHECK(std::fabs(largest - top) <= limit * top);
  // The errors of a sum may add up over its elements, each within the limit of the largest.
  CHECK(std::fabs(sum - expected.at("sum").get<double>()) <=
        limit * top * static_cast<double>(actual.size()));
}

std::vector<double> checkpoint_order(const ParameterBlock& block, ParameterId id) {
  const auto values = checkpoint_values(block, id);
  return {values.begin(), values.end()};
}

void check_golden(const Golden& g) {
  test::Network network(g.model, g.objective);
  g.fill_parameters(network.parameters);
  test::Batch batch{g.audio(), std::vector<int64_t>(static_cast<size_t>(g.batch), g.samples)};
  NegativeTable negatives{g.frames, g.objective.copies() - 1, g.negative_rows()};
  const test::StepResult step = test::run_step(network, batch, negatives);

  REQUIRE(step.features.z.frames == g.frames);
  const auto z = channels_first(step.features.z);
  const auto c = channels_first(step.features.c);
  const auto predictions = flat_predictions(g, step.logits, network.objective.offset);
  CHECK(static_cast<int64_t>(predictions.size()) == g.meta.at("num_predictions").get<int64_t>());
  const double loss = g.meta.at("loss_sum_nats_f64").get<double>();
  CHECK(std::fabs(step.sums.loss_nats - loss) <= kLossLimit * loss);
  CHECK(step.sums.positives == g.meta.at("sample_size").get<int64_t>());
  const double bits = step.sums.loss_nats / static_cast<double>(step.sums.positives) / std::log(2.0);
  CHECK(bits == doctest::Approx(g.meta.at("loss_bits_per_positive").get<double>()).epsilon(kLossLimit));
  if (g.meta.contains("correct")) {
    int64_t hits = 0;
    for (int64_t n : step.sums.hits_per_step) hits += n;
    CHECK(hits == g.meta.at("correct").get<int64_t>());
  }

  if (g.by_formula()) {
    check_statistics(g.meta.at("z_stats"), z, kFeatureLimit);
    check_statistics(g.meta.at("c_stats"), c, kFeatureLimit);
    check_statistics(g.meta.at("pred_stats"), predictions, kFeatureLimit);
    CHECK(network.layout.total_size() == g.meta.at("parameters").get<int64_t>());
  } else {
    CHECK(relative_error(z, g.read("z")) <= kFeatureLimit);
    CHECK(relative_error(c, g.read("c")) <= kFeatureLimit);
    CHECK(relative_error(predictions, g.read("predictions")) <= kFeatureLimit);
  }
  for (ParameterId id : network.layout.by_name()) {
    const std::string& name = network.layout[id].name;
    CAPTURE(name);
    const auto gradient = checkpoint_order(network.gradients, id);
    if (g.by_formula()) {
      check_statistics(g.meta.at("param_stats").at(name), checkpoint_order(network.parameters, id), 1e-7);
      check_statistics(g.meta.at("grad_stats").at(name), gradient, kGradientLimit);
    } else {
      CHECK(relative_error(gradient, g.read("grad/" + name)) <= kGradientLimit);
    }
  }
}

}  // namespace

TEST_CASE("golden vectors: z, c, predictions, loss and every gradient") {
  const auto folders = test::golden_folders();
  REQUIRE(folders.size() >= 6);
  for (const auto& folder : folders) {
    CAPTURE(folder.filename().string());
    check_golden(test::load_golden(folder));
  }
}

// bf16 keeps 8 bits of every operand and stored activation. These limits are of the difference's norm over
// the whole tensor; what was measured stands in docs/performance.md.
constexpr double kBf16FeatureLimit = 0.02;
constexpr double kBf16LossLimit = 4e-3;
constexpr double kBf16GradientLimit = 0.3;       // of one parameter: some are nearly zero
constexpr double kBf16AllGradientsLimit = 0.15;  // of all together

double norm_error(const std::vector<double>& actual, const std::vector<double>& expected) {
  REQUIRE(actual.size() == expected.size());
  double error = 0.0;
  double norm = 0.0;
  for (size_t i = 0; i < actual.size(); ++i) {
    error += (actual[i] - expected[i]) * (actual[i] - expected[i]);
    norm += expected[i] * expected[i];
  }
  REQUIRE(norm > 0.0);
  return std::sqrt(error / norm);
}

TEST_CASE("golden vectors: bf16 stays within its own limits") {
  if (!supports_bf16()) return;
  double features = 0.0;
  double gradients = 0.0;
  double losses = 0.0;
  double all_gradients = 0.0;
  for (const auto& folder : test::golden_folders()) {
    CAPTURE(folder.filename().string());
    const Golden g = test::load_golden(folder);
    test::Network network(g.model, g.objective);
    g.fill_parameters(network.parameters);
    network.use_bf16();
    test::Batch batch{g.audio(), std::vector<int64_t>(static_cast<size_t>(g.batch), g.samples)};
    const NegativeTable negatives{g.frames, g.objective.copies() - 1, g.negative_rows()};
    const test::StepResult step = test::run_step(network, batch, negatives);
    const double loss = g.meta.at("loss_sum_nats_f64").get<double>();
    losses = std::max(losses, std::fabs(step.sums.loss_nats - loss) / loss);
    CHECK(std::fabs(step.sums.loss_nats - loss) <= kBf16LossLimit * loss);
    if (g.by_formula()) continue;  // only some elements are known
    for (const auto& [name, actual] : {std::pair("z", step.features.z), std::pair("c", step.features.c)}) {
      CAPTURE(name);
      const double error = norm_error(channels_first(actual), g.read(name));
      features = std::max(features, error);
      CHECK(error <= kBf16FeatureLimit);
    }
    std::vector<double> all;
    std::vector<double> all_expected;
    for (ParameterId id : network.layout.by_name()) {
      CAPTURE(network.layout[id].name);
      const auto actual = checkpoint_order(network.gradients, id);
      const auto expected = g.read("grad/" + network.layout[id].name);
      all.insert(all.end(), actual.begin(), actual.end());
      all_expected.insert(all_expected.end(), expected.begin(), expected.end());
      const double error = norm_error(actual, expected);
      gradients = std::max(gradients, error);
      CHECK(error <= kBf16GradientLimit);
    }
    all_gradients = std::max(all_gradients, norm_error(all, all_expected));
    CHECK(all_gradients <= kBf16AllGradientsLimit);
  }
  MESSAGE("bf16 against the golden vectors, largest: features "
          << features << ", one gradient " << gradients << ", all gradients " << all_gradients << ", loss "
          << losses);
}

TEST_CASE("golden vectors: every block's output") {
  for (const auto& folder : test::golden_folders()) {
    const Golden g = test::load_golden(folder);
    if (!g.has("trace/encoder.0")) continue;
    CAPTURE(folder.filename().string());
    test::Network network(g.model, g.objective);
    g.fill_parameters(network.parameters);
    test::Batch batch{g.audio(), std::vector<int64_t>(static_cast<size_t>(g.batch), g.samples)};
    batch.samples.resize(static_cast<size_t>(g.samples));  // the trace is item 0's
    batch.lengths.resize(1);
    Wav2VecCache cache;
    const auto features =
        wav2vec_forward(network.model, {network.parameters, network.workspace}, batch.view(), &cache);
    const size_t encoder_blocks = g.model.encoder_channels.size();
    for (size_t i = 0; i < encoder_blocks; ++i) {
      // A block's output exists only as its convolution's, which the next one normalises as it reads.
      const bool last = i + 1 == encoder_blocks;
      Activations out = last ? cache.encoder.before_log : cache.encoder.blocks[i + 1].input.x;
      if (!last && cache.encoder.blocks[i + 1].input.norm != nullptr) {
        const NormedActivations& pending = cache.encoder.blocks[i + 1].input;
        out = network.workspace.push_like(pending.x);
        group_norm_forward(*pending.norm, network.pass(), pending.x, pending.statistics, out);
      }
      CHECK(relative_error(channels_first(out), g.read("trace/encoder." + std::to_string(i))) <=
            kFeatureLimit);
    }
    const size_t context_blocks = g.model.context_channels.size();
    for (size_t i = 0; i < context_blocks; ++i) {
      const Activations& out = i + 1 < context_blocks ? cache.context.blocks[i + 1].input : features.c;
      CHECK(relative_error(channels_first(out), g.read("trace/aggregator." + std::to_string(i))) <=
            kFeatureLimit);
    }
  }
}

TEST_CASE("golden vectors: fairseq's negatives from its raw draws") {
  int seen = 0;
  for (const auto& folder : test::golden_folders()) {
    const Golden g = test::load_golden(folder);
    if (!g.has("neg_raw_draws")) continue;
    ++seen;
    std::vector<int32_t> raw;
    for (double v : g.read("neg_raw_draws")) raw.push_back(static_cast<int32_t>(v));
    const auto table =
        fairseq_negatives(raw, g.batch, g.frames, g.objective.negatives, g.objective.cross_sample_negatives);
    CHECK(table.rows == g.negative_rows());
  }
  CHECK(seen >= 4);
}
