// Cross-entropy against distributions.

#include "wav2vec/nn/softmax.h"

#include <doctest/doctest.h>

using namespace wav2vec;

TEST_CASE("soft cross-entropy: one-hot targets are labels, and the gradient is that of the loss") {
  std::vector<float> logits{0.5F, -1.0F, 2.0F, 1.5F, 0.0F, -0.5F};
  const std::vector<int32_t> labels{2, 0};
  std::vector<float> expected(6);
  const double by_label = frames_cross_entropy(logits.data(), 2, 3, labels, 0.5F, expected.data());
  std::vector<float> gradient(6, 0.0F);
  const std::vector<float> one_hot{0, 0, 1, 1, 0, 0};
  CHECK(soft_cross_entropy(logits.data(), 2, 3, one_hot, 0.5F, gradient.data()) == doctest::Approx(by_label));
  for (size_t i = 0; i < 6; ++i) CHECK(gradient[i] == doctest::Approx(expected[i]));

  const std::vector<float> soft{0.2F, 0.3F, 0.5F, 0.1F, 0.9F, 0.0F};
  std::vector<float> added(6, 1.0F);
  std::vector<float> unused(6);
  soft_cross_entropy(logits.data(), 2, 3, soft, 1.0F, added.data());
  for (size_t i = 0; i < 6; ++i) {
    const float kept = logits[i];
    logits[i] = kept + 1e-3F;
    const double above = soft_cross_entropy(logits.data(), 2, 3, soft, 1.0F, unused.data());
    logits[i] = kept - 1e-3F;
    const double below = soft_cross_entropy(logits.data(), 2, 3, soft, 1.0F, unused.data());
    logits[i] = kept;
    CHECK(added[i] - 1.0F == doctest::Approx((above - below) / 2e-3).epsilon(1e-2));
  }
}
