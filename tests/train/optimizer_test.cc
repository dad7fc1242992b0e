#include "wav2vec/train/optimizer.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "support/reference.h"

using namespace wav2vec;

namespace {

// Both optimisers from their definitions, in double, one value.
struct ReferenceAdam {
  double p, m = 0.0, v = 0.0;

  void step(const OptimConfig& c, double lr, double g, int t) {
    m = c.beta1 * m + (1.0 - c.beta1) * g;
    v = c.beta2 * v + (1.0 - c.beta2) * g * g;
    const double correction1 = 1.0 - std::pow(c.beta1, t);
    const double correction2 = 1.0 - std::pow(c.beta2, t);
    p -= lr * c.weight_decay * p;
    if (c.optimizer == OptimizerKind::adamw) {
      p -= lr * (m / correction1) / (std::sqrt(v / correction2) + c.eps);
    } else {
      p -= lr * std::sqrt(correction2) / correction1 * m / (std::sqrt(v) + c.eps);
    }
  }
};

}  // namespace

TEST_CASE("optimiser: fairseq's Adam and AdamW equal their definitions, with weight decay and a large eps") {
  for (const OptimizerKind kind : {OptimizerKind::fairseq_adam, OptimizerKind::adamw}) {
    OptimConfig config;
    config.optimizer = kind;
    config.eps = 1e-2;  // large enough to tell the two places of eps apart
    config.weight_decay = 0.1;
    ParameterLayout layout;
    layout.add({.name = "p", .shape = {37}});
    layout.freeze();
    ParameterBlock parameters(layout);
    ParameterBlock gradients(layout);
    AdamState state(layout);
    std::vector<ReferenceAdam> reference;
    const auto start = test::to_float(test::random_values(1, 37));
    for (size_t i = 0; i < start.size(); ++i) {
      parameters.flat()[i] = start[i];
      reference.push_back({static_cast<double>(start[i])});
    }
    for (int t = 1; t <= 20; ++t) {
      const auto g = test::to_float(test::random_values(static_cast<uint64_t>(t) + 10, 37));
      std::copy(g.begin(), g.end(), gradients.flat().begin());
      for (size_t i = 0; i < g.size(); ++i) reference[i].step(config, 1e-2, static_cast<double>(g[i]), t);
      adam_update(config, 1e-2, parameters, gradients, state);
    }
    std::vector<double> expected;
    for (const ReferenceAdam& r : reference) expected.push_back(r.p);
    test::check_close("parameters", expected, parameters.flat(), 1e-5);
    CHECK(state.updates == 20);
  }
}

TEST_CASE("gradient norm and clipping") {
  std::vector<float> g(10000, 0.03F);
  CHECK(gradient_norm(g) == doctest::Approx(3.0));
  CHECK(clip_factor(3.0, 0.0) == 1.0);
  CHECK(clip_factor(3.0, 5.0) == 1.0);
  CHECK(clip_factor(10.0, 5.0) == doctest::Approx(0.5));
  scale_gradients(g, clip_factor(3.0, 1.5));
  CHECK(gradient_norm(g) == doctest::Approx(1.5));
  g[7777] = std::numeric_limits<float>::quiet_NaN();
  CHECK_FALSE(std::isfinite(gradient_norm(g)));
  g[7777] = std::numeric_limits<float>::infinity();
  CHECK_FALSE(std::isfinite(gradient_norm(g)));
}
