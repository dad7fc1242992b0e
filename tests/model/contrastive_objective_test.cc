#include "wav2vec/model/contrastive_objective.h"

#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "support/network.h"
#include "support/reference.h"
#include "support/reference_objective.h"

using namespace wav2vec;

namespace {

ModelConfig tiny_model() {
  ModelConfig m;
  m.encoder_channels = {6, 6, 6, 6, 5};
  m.context_channels = {7};
  m.context_kernels = {2};
  return m;
}

void check_objective(ObjectiveConfig config, uint64_t seed) {
  test::Network network(tiny_model(), config);
  const int64_t offset = network.objective.offset;
  const std::vector<int64_t> lengths{9, 4, 12, 3};  // the last is too short for any prediction
  const int64_t frames = 12;
  std::vector<test::Signal> z;
  std::vector<test::Signal> c;
  std::vector<float> z_values(lengths.size() * frames * 5, std::nanf(""));
  std::vector<float> c_values(lengths.size() * frames * 7, std::nanf(""));
  for (size_t b = 0; b < lengths.size(); ++b) {
    z.push_back(test::random_signal(seed + b, lengths[b], 5));
    c.push_back(test::random_signal(seed + 50 + b, lengths[b], 7));
    std::copy(z[b].values.begin(), z[b].values.end(),
              z_values.begin() + static_cast<int64_t>(b) * frames * 5);
    std::copy(c[b].values.begin(), c[b].values.end(),
              c_values.begin() + static_cast<int64_t>(b) * frames * 7);
  }
  auto weight = test::random_values(seed + 100, 7 * 5 * config.prediction_steps);
  auto bias = test::random_values(seed + 101, 5);
  from_checkpoint_order(network.layout[network.objective.projection.weight], test::to_float(weight),
                        network.parameters[network.objective.projection.weight]);
  from_checkpoint_order(network.layout[network.objective.projection.bias], test::to_float(bias),
                        network.parameters[network.objective.projection.bias]);

  const auto batch = static_cast<int64_t>(lengths.size());
  const Activations za{z_values.data(), batch, frames, 5, lengths};
  const Activations ca{c_values.data(), batch, frames, 7, lengths};
  const std::vector<uint64_t> keys{4, 5, 6, 7};
  const NegativeTable negatives = sample_negatives(config, frames, lengths, {1, keys});
  ObjectiveGradients gradients{network.gradients, test::zeros_like(za, network.workspace),
                               test::zeros_like(ca, network.workspace)};
  const Pass pass{network.parameters, network.workspace};
  const ObjectiveSums sums = contrastive_pass(network.objective, pass, za, ca, negatives, &gradients);

  const auto loss = [&] { return test::contrastive_loss(config, offset, z, c, weight, bias, negatives); };
  CHECK(sums.loss_nats == doctest::Approx(loss()).epsilon(1e-6));
  int64_t positives = 0;
  for (int64_t length : lengths) {
    for (int64_t i = 0; i < config.prediction_steps; ++i)
      positives += std::max<int64_t>(0, length - offset - i);
  }
  CHECK(sums.positives == positives);
  CHECK(sums.labels == positives * config.copies());
  test::check_gradient("weight", weight, loss,
                       checkpoint_values(network.gradients, network.objective.projection.weight));
  test::check_gradient("bias", bias, loss,
                       checkpoint_values(network.gradients, network.objective.projection.bias));
  for (size_t b = 0; b + 1 < lengths.size(); ++b) {
    const auto item = static_cast<int64_t>(b);
    test::check_gradient("z", z[b].values, loss, {gradients.dz.item(item), z[b].values.size()});
    test::check_gradient("c", c[b].values, loss, {gradients.dc.item(item), c[b].values.size()});
  }
  // Evaluation computes the same loss.
  CHECK(contrastive_pass(network.objective, pass, za, ca, negatives, nullptr).loss_nats == sums.loss_nats);
}

}  // namespace

TEST_CASE("objective equals its definition and its central differences, ragged batch") {
  ObjectiveConfig bce{.prediction_steps = 4, .prediction_offset = 3, .negatives = 3};
  check_objective(bce, 1);
  ObjectiveConfig cross = bce;
  cross.cross_sample_negatives = 2;
  check_objective(cross, 2);
  ObjectiveConfig balanced = bce;
  balanced.balanced_classes = true;
  check_objective(balanced, 3);
  ObjectiveConfig infonce = cross;
  infonce.loss = ContrastiveLoss::infonce;
  check_objective(infonce, 4);
  ObjectiveConfig only_cross = bce;
  only_cross.negatives = 0;
  only_cross.cross_sample_negatives = 3;
  check_objective(only_cross, 5);
  ObjectiveConfig near = bce;
  near.prediction_offset = 1;
  check_objective(near, 6);
}

TEST_CASE("objective: equal logits are no hit, and cost what chance costs") {
  ObjectiveConfig config;
  test::Network network(tiny_model(), config);
  network.parameters.zero();
  std::vector<float> z(60 * 5, 0.5F);
  std::vector<float> c(60 * 7, 0.5F);
  const std::vector<int64_t> lengths{60};
  const std::vector<uint64_t> keys{1};
  const Activations za{z.data(), 1, 60, 5, lengths};
  const Activations ca{c.data(), 1, 60, 7, lengths};
  const auto sums = contrastive_pass(network.objective, {network.parameters, network.workspace}, za, ca,
                                     sample_negatives(config, 60, lengths, {1, keys}), nullptr);
  for (int64_t hits : sums.hits_per_step) CHECK(hits == 0);
  const double bits = sums.loss_nats / static_cast<double>(sums.positives) / std::log(2.0);
  CHECK(bits == doctest::Approx(chance_bits(config)));
  CHECK(chance_bits(config) == doctest::Approx(11.0));
}

TEST_CASE("negatives: in range, of the right utterance, and never the positive") {
  ObjectiveConfig config{.negatives = 10, .cross_sample_negatives = 5};
  const std::vector<int64_t> lengths{40, 7, 25};
  const std::vector<uint64_t> keys{1, 2, 3};
  const auto table = sample_negatives(config, 40, lengths, {9, keys});
  std::set<int32_t> seen_cross;
  for (int64_t b = 0; b < 3; ++b) {
    for (int64_t n = 0; n < 15; ++n) {
      for (int64_t t = 0; t < lengths[static_cast<size_t>(b)]; ++t) {
        const int32_t row = table.row(b, n, t);
        const int64_t item = row / 40;
        REQUIRE(item < 3);
        CHECK(row % 40 < lengths[static_cast<size_t>(item)]);
        CHECK(row != b * 40 + t);
        if (n < 10) CHECK(item == b);
        if (n >= 10) seen_cross.insert(row);
      }
    }
  }
  CHECK(seen_cross.size() == 72);  // every valid frame of the batch comes up
}

TEST_CASE("negatives: uniform over the other frames") {
  ObjectiveConfig config{.negatives = 2000};
  const std::vector<int64_t> lengths{5};
  const std::vector<uint64_t> keys{1};
  const auto table = sample_negatives(config, 5, lengths, {3, keys});
  int64_t counts[5] = {};
  for (int64_t n = 0; n < 2000; ++n) ++counts[table.row(0, n, 2)];
  CHECK(counts[2] == 0);
  for (const int64_t t : {0, 1, 3, 4}) CHECK(std::abs(counts[t] - 500) < 100);  // five standard deviations
}

TEST_CASE("negatives: the other samplers do meet their positive, about once in T") {
  for (const NegativeSampling sampling : {NegativeSampling::fairseq_compat, NegativeSampling::uniform}) {
    ObjectiveConfig config{.negatives = 100, .sampling = sampling};
    const std::vector<int64_t> lengths{60};
    const std::vector<uint64_t> keys{1};
    const auto table = sample_negatives(config, 60, lengths, {3, keys});
    int64_t met = 0;
    for (int64_t n = 0; n < 100; ++n) {
      for (int64_t t = 0; t < 60; ++t) met += table.row(0, n, t) == t ? 1 : 0;
    }
    CHECK(static_cast<double>(met) / 6000.0 == doctest::Approx(1.0 / 60.0).epsilon(0.5));
  }
}

TEST_CASE("negatives: an item's draws do not depend on its place in the batch") {
  ObjectiveConfig config;
  const std::vector<int64_t> both{30, 20};
  const std::vector<int64_t> one{20};
  const std::vector<uint64_t> keys{1, 2};
  const std::vector<uint64_t> key{2};
  const auto a = sample_negatives(config, 30, both, {5, keys});
  const auto b = sample_negatives(config, 20, one, {5, key});
  for (int64_t n = 0; n < 10; ++n) {
    for (int64_t t = 0; t < 20; ++t) CHECK(a.row(1, n, t) - 30 == b.row(0, n, t));
  }
}
