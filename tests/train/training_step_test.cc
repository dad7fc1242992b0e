// The training step: five Adam steps of the golden vectors, the learning-rate table, and learning by heart.

#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>

#include "support/golden.h"
#include "support/network.h"
#include "support/speech_like.h"
#include "wav2vec/core/file.h"
#include "wav2vec/train/optimizer.h"
#include "wav2vec/train/schedule.h"

using namespace wav2vec;
using test::Golden;

namespace {

struct AdamCase {
  double learning_rate = 0.0;
  double clip_norm = 0.0;
  LossDivisor divisor = LossDivisor::positives;
};

// "lr0.001_clip25.0_labels2019"
AdamCase parse_case(const std::string& key) {
  AdamCase c;
  char kind[32] = {};
  REQUIRE(std::sscanf(key.c_str(), "lr%lf_clip%lf_%31s", &c.learning_rate, &c.clip_norm, kind) == 3);
  c.divisor = std::string(kind) == "positives" ? LossDivisor::positives : LossDivisor::labels;
  return c;
}

double step_loss(test::Network& network, test::Batch& batch, const NegativeTable& negatives,
                 const AdamCase& c) {
  const auto mark = network.workspace.mark();
  const auto step = test::run_step(network, batch, negatives);
  scale_gradients(network.gradients.flat(), 1.0 / static_cast<double>(divisor(step.sums, c.divisor)));
  network.workspace.rewind(mark);
  return step.sums.loss_nats;
}

void check_parameters_after_5(const Golden& g, const ParameterBlock& parameters) {
  int64_t far = 0;
  int64_t total = 0;
  for (ParameterId id : parameters.layout().by_name()) {
    const ParameterSpec& spec = parameters.layout()[id];
    const auto expected = g.read("adam5/" + spec.name);
    const auto actual = checkpoint_values(parameters, id);
    for (size_t i = 0; i < actual.size(); ++i) {
      const double error = std::fabs(static_cast<double>(actual[i]) - expected[i]);
      CHECK(error <= 1e-4);
      far += error > 1e-5 ? 1 : 0;
      ++total;
    }
  }
  CHECK(far * 1000 <= total);
}

}  // namespace

TEST_CASE("golden vectors: five Adam steps") {
  int cases = 0;
  for (const auto& folder : test::golden_folders()) {
    const Golden g = test::load_golden(folder);
    if (!g.meta.contains("adam")) continue;
    for (const auto& [key, expected] : g.meta.at("adam").items()) {
      CAPTURE(folder.filename().string());
      CAPTURE(key);
      ++cases;
      const AdamCase c = parse_case(key);
      test::Network network(g.model, g.objective);
      g.fill_parameters(network.parameters);
      test::Batch batch{g.audio(), std::vector<int64_t>(static_cast<size_t>(g.batch), g.samples)};
      const NegativeTable negatives{g.frames, g.objective.copies() - 1, g.negative_rows()};
      AdamState state(network.layout);
      const auto& losses = expected.at("64").at("loss_sum_nats");
      const auto& norms = expected.at("64").at("grad_norm_before_clip");
      for (size_t i = 0; i < losses.size(); ++i) {
        CHECK(step_loss(network, batch, negatives, c) ==
              doctest::Approx(losses[i].get<double>()).epsilon(1e-5));
        if (i == norms.size()) break;
        const double norm = gradient_norm(network.gradients.flat());
        CHECK(norm == doctest::Approx(norms[i].get<double>()).epsilon(1e-4));
        scale_gradients(network.gradients.flat(), clip_factor(norm, c.clip_norm));
        adam_update({}, c.learning_rate, network.parameters, network.gradients, state);
      }
      const std::string saved = g.meta.contains("adam5_case") ? g.meta.at("adam5_case").get<std::string>()
                                                              : "lr0.001_clip0.0_positives";
      if (key == saved && g.has("adam5/wav2vec_predictions.project_to_steps.bias"))
        check_parameters_after_5(g, network.parameters);
    }
  }
  CHECK(cases >= 8);
}

TEST_CASE("golden vectors: cosine schedule with warm-up") {
  const auto json =
      nlohmann::json::parse(read_file(std::string(W2V_TEST_DATA) + "/golden/lr_schedule.json", 1 << 20));
  for (const auto& row : json.at("table")) {
    const auto update = row[0].get<int64_t>();
    CAPTURE(update);
    CHECK(learning_rate_at({}, 400000, update) == doctest::Approx(row[1].get<double>()).epsilon(1e-12));
  }
}

TEST_CASE("training: one utterance can be learned by heart, far below what a constant predictor reaches") {
  ModelConfig model;
  model.encoder_channels = {32, 32, 32, 32, 32};
  model.context_channels = {32, 32};
  model.context_kernels = {3, 3};
  const ObjectiveConfig objective{.prediction_steps = 4};
  test::Network network(model, objective);
  test::Batch batch{test::glide(3, 8000), {8000}};
  const std::vector<uint64_t> keys{1};
  AdamState state(network.layout);
  double bits = 0.0;
  for (int i = 0; i < 200; ++i) {
    network.gradients.zero();
    const TrainingRandom random{1, keys};
    const ObjectiveSums sums = train_pass(network, network.pass(&random), batch.view(), network.gradients);
    bits = sums.loss_nats / static_cast<double>(sums.positives) / std::log(2.0);
    scale_gradients(network.gradients.flat(), 1.0 / static_cast<double>(sums.positives));
    adam_update({}, 3e-3, network.parameters, network.gradients, state);
  }
  CHECK(bits < 0.5 * constant_prior_bits(objective));
}
