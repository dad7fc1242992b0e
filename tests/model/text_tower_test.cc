// Letters to sounds: gradients, and letters that do not see further than they should.

#include "wav2vec/model/text_tower.h"

#include <doctest/doctest.h>

#include <cmath>

#include "wav2vec/core/rng.h"

using namespace wav2vec;

namespace {

constexpr int64_t kTokens = 5;
constexpr int64_t kSounds = 6;

struct Tower {
  ParameterLayout layout;
  TextTower tower;

  explicit Tower(double dropout = 0.0)
      : tower(make_text_tower(layout, "text", kTokens, 8, 2, kSounds, dropout)) {
    layout.freeze();
  }
};

double weighed(const Activations& y, const Activations* dy) {
  const RandomStream weights(5, RandomUse::crop, {});
  double sum = 0.0;
  for (int64_t b = 0; b < y.batch; ++b) {
    for (int64_t i = 0; i < y.length(b) * y.channels; ++i) {
      const double w = weights.uniform(static_cast<uint64_t>(1000 * b + i)) - 0.5;
      sum += w * y.item(b)[i];
      if (dy != nullptr) dy->item(b)[i] = static_cast<float>(w);
    }
  }
  return sum;
}

}  // namespace

TEST_CASE("text tower: its gradient is that of the outputs, with and without dropout") {
  const std::vector<std::vector<int>> texts{{1, 2, 3, 4, 2, 0}, {3, 3}};
  const std::vector<uint64_t> keys{1, 2};
  const TrainingRandom random{4, keys};
  for (const double dropout : {0.0, 0.3}) {
    const Tower t(dropout);
    ParameterBlock parameters(t.layout);
    ParameterBlock gradients(t.layout);
    Workspace workspace;
    initialize_parameters(parameters, 3);
    const Pass pass{parameters, workspace, &random};
    TextTowerCache cache;
    const Activations y = text_tower_forward(t.tower, pass, texts, 1, cache);
    CHECK(y.length(0) == 6);
    CHECK(y.length(1) == 2);
    const Activations dy = workspace.push_like(y);
    weighed(y, &dy);
    gradients.zero();
    text_tower_backward(t.tower, pass, cache, dy, gradients);
    for (const ParameterId id : t.layout.by_name()) {
      for (size_t i = 0; i < parameters[id].size(); i += 7) {
        const float kept = parameters[id][i];
        const float step = 1e-3F;
        const auto at = [&](float value) {
          parameters[id][i] = value;
          TextTowerCache unused;
          return weighed(text_tower_forward(t.tower, pass, texts, 1, unused), nullptr);
        };
        const double slope = (at(kept + step) - at(kept - step)) / (2.0 * step);
        parameters[id][i] = kept;
        CHECK(gradients[id][i] == doctest::Approx(slope).epsilon(0.02).scale(0.1));
      }
    }
  }
}

TEST_CASE("text tower: a letter sees its context and no further, and no text sees another") {
  const Tower t;
  ParameterBlock parameters(t.layout);
  initialize_parameters(parameters, 3);
  Workspace workspace;
  const Pass pass{parameters, workspace};
  const auto logits = [&](const std::vector<std::vector<int>>& texts) {
    TextTowerCache unused;
    return text_tower_forward(t.tower, pass, texts, 1, unused);
  };
  const Activations y = logits({{2, 3, 4, 2, 3, 4, 2, 3}});
  const Activations changed = logits({{2, 3, 4, 2, 3, 4, 2, 4}, {2, 3}});
  const auto same = [&](int64_t letter) {
    return std::equal(y.frame(0, letter), y.frame(0, letter) + kSounds, changed.frame(0, letter));
  };
  REQUIRE(t.tower.margin() == 3);
  for (int64_t i = 0; i < 4; ++i) CHECK(same(i));
  for (int64_t i = 4; i < 8; ++i) CHECK_FALSE(same(i));
  const Activations alone = logits({{2, 3}});
  CHECK(std::equal(alone.item(0), alone.item(0) + 2 * kSounds, changed.item(1)));
}
