// The training pass where the context network hears other audio than the targets.

#include <doctest/doctest.h>

#include <limits>
#include <map>

#include "support/network.h"
#include "support/reference.h"
#include "support/reference_objective.h"
#include "support/speech_like.h"

using namespace wav2vec;

namespace {

ModelConfig tiny_model() {
  ModelConfig m;
  m.encoder_channels = {5, 4};
  m.encoder_kernels = {4, 3};
  m.encoder_strides = {2, 2};
  m.context_channels = {6, 5};
  m.context_kernels = {2, 3};
  m.activation = Activation::gelu;  // smooth, so that differences converge
  return m;
}

ObjectiveConfig tiny_objective() { return {.prediction_steps = 3, .prediction_offset = 1, .negatives = 4}; }

/// Every parameter in double, in the order of a checkpoint, and the network made of plain loops.
struct Reference {
  const test::Network& network;
  std::map<int32_t, std::vector<double>> values;

  explicit Reference(test::Network& n) : network(n) {
    uint64_t seed = 10;
    for (ParameterId id : n.layout.by_name()) {
      values[id.index] = test::random_values(++seed, static_cast<int64_t>(n.parameters[id].size()));
      from_checkpoint_order(n.layout[id], test::to_float(values[id.index]), n.parameters[id]);
    }
  }

  std::span<const double> of(ParameterId id) const {
    return id ? std::span<const double>(values.at(id.index)) : std::span<const double>{};
  }
  test::Signal block(const Conv1d& conv, const GroupNormActivation& norm, const test::Signal& x) const {
    const test::Signal y =
        test::conv(x, of(conv.weight), of(conv.bias), conv.out_channels, conv.kernel, conv.stride);
    return test::group_norm_activation(y, of(norm.weight), of(norm.bias), true);
  }
  test::Signal encode(test::Signal x) const {
    for (const EncoderBlock& b : network.model.encoder.blocks) x = block(b.conv, b.norm, x);
    return x;
  }
  test::Signal context(test::Signal x) const {
    for (const ContextBlock& b : network.model.context.blocks)
      x = block(b.conv, b.norm, test::causal_pad(x, b.conv.kernel - 1, true));
    return x;
  }
  double loss(const std::vector<test::Signal>& targets, const std::vector<test::Signal>& heard,
              const NegativeTable& negatives) const {
    std::vector<test::Signal> z;
    std::vector<test::Signal> c;
    for (const test::Signal& x : targets) z.push_back(encode(x));
    for (const test::Signal& x : heard) c.push_back(context(encode(x)));
    const ContrastiveObjective& o = network.objective;
    return test::contrastive_loss(o.config, o.offset, z, c, of(o.projection.weight), of(o.projection.bias),
                                  negatives);
  }
};

test::Batch batch_of(const std::vector<test::Signal>& signals, int64_t row_samples) {
  test::Batch batch;
  for (const test::Signal& signal : signals) {
    const std::vector<float> values = test::to_float(signal.values);
    batch.samples.insert(batch.samples.end(), values.begin(), values.end());
    batch.lengths.push_back(signal.frames);
    batch.samples.resize(batch.lengths.size() * static_cast<size_t>(row_samples),
                         std::numeric_limits<float>::quiet_NaN());
  }
  return batch;
}

}  // namespace

TEST_CASE("train pass on two recordings: loss and all gradients are those of the objective's definition") {
  test::Network network(tiny_model(), tiny_objective());
  Reference reference(network);
  const std::vector<test::Signal> targets{test::random_signal(1, 61, 1), test::random_signal(2, 40, 1)};
  const std::vector<test::Signal> heard{test::random_signal(3, 61, 1), test::random_signal(4, 40, 1)};
  test::Batch target_batch = batch_of(targets, 61);
  test::Batch heard_batch = batch_of(heard, 61);
  const std::vector<uint64_t> keys{4, 5};
  const TrainingRandom random{1, keys};
  const ObjectiveSums sums =
      train_pass(network, network.pass(&random), target_batch.view(), heard_batch.view(), network.gradients);

  const FrameGeometry geometry = encoder_geometry(network.model.config);
  const std::vector<int64_t> frames{geometry.frames_for(61), geometry.frames_for(40)};
  const NegativeTable negatives = sample_negatives(tiny_objective(), frames[0], frames, random);
  const auto loss = [&] { return reference.loss(targets, heard, negatives); };
  CHECK(sums.loss_nats == doctest::Approx(loss()).epsilon(1e-5));
  for (ParameterId id : network.layout.by_name()) {
    test::check_gradient(network.layout[id].name, reference.values.at(id.index), loss,
                         checkpoint_values(network.gradients, id), 1e-3);
  }
}

TEST_CASE("train pass: hearing the targets themselves is the ordinary pass") {
  ModelConfig config;
  config.encoder_channels = {16, 16, 16, 16, 16};
  config.context_channels = {16, 16};
  config.context_kernels = {2, 3};
  config.dropout = config.dropout_features = config.dropout_context = 0.1;
  test::Network network(config, {});
  test::Batch batch{test::glide(7, 18000), {9000, 7000}};
  test::Batch same = batch;
  test::Batch other{test::glide(8, 18000), {9000, 7000}};
  const std::vector<uint64_t> keys{1, 2};
  const TrainingRandom random{1, keys};
  for (const bool bf16 : {false, true}) {
    if (bf16 && !supports_bf16()) continue;
    if (bf16) network.use_bf16();
    CAPTURE(bf16);
    const auto pass = network.pass(&random);
    network.gradients.zero();
    const double loss = train_pass(network, pass, batch.view(), network.gradients).loss_nats;
    const std::vector<float> expected(network.gradients.flat().begin(), network.gradients.flat().end());
    network.gradients.zero();
    CHECK(train_pass(network, pass, batch.view(), same.view(), network.gradients).loss_nats == loss);
    // The encoder's gradient is the sum of two instead of that of a sum.
    double difference = 0.0;
    double size = 0.0;
    for (size_t i = 0; i < expected.size(); ++i) {
      difference += std::pow(network.gradients.flat()[i] - expected[i], 2);
      size += std::pow(expected[i], 2);
    }
    CHECK(std::sqrt(difference / size) < (bf16 ? 0.02 : 1e-5));
    CHECK(train_pass(network, pass, batch.view(), other.view(), network.gradients).loss_nats != loss);
  }
}

TEST_CASE("train pass: parameters are told in order, and nothing is added to a gradient afterwards") {
  for (const bool wide_context : {false, true}) {
    ModelConfig config;
    config.encoder_channels = {16, 16, 16, 16, 16};
    config.context_channels = {16, wide_context ? 24 : 16};
    config.context_kernels = {2, 3};
    config.context_skip = true;
    test::Network network(config, {});
    test::Batch batch{test::glide(7, 18000), {9000, 7000}};
    test::Batch other{test::glide(8, 18000), {9000, 7000}};
    const std::vector<uint64_t> keys{1, 2};
    const TrainingRandom random{1, keys};
    const auto check = [&](const auto& run) {
      std::vector<int32_t> told;
      std::vector<std::vector<float>> then;
      const GradientObserver observer = [&](ParameterId id) {
        told.push_back(id.index);
        then.emplace_back(network.gradients[id].begin(), network.gradients[id].end());
      };
      GradientTarget target = start_gradients(network.gradients);
      target.ready = &observer;
      run(target);
      const std::vector<ParameterId> expected = backward_order(network);
      REQUIRE(told.size() == network.layout.by_name().size());
      REQUIRE(told.size() == expected.size());
      for (size_t i = 0; i < told.size(); ++i) {
        CHECK(told[i] == expected[i].index);
        const std::span<const float> now = network.gradients[expected[i]];
        CHECK(then[i] == std::vector<float>(now.begin(), now.end()));
      }
    };
    check([&](const GradientTarget& t) { train_pass(network, network.pass(&random), batch.view(), t); });
    check([&](const GradientTarget& t) {
      train_pass(network, network.pass(&random), batch.view(), other.view(), t);
    });
  }
}
