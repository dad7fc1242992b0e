// CTC against the sum over all paths, written out.

#include "wav2vec/nn/ctc_loss.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "support/reference.h"

using namespace wav2vec;

namespace {

std::vector<int32_t> collapsed(const std::vector<int32_t>& path) {
  std::vector<int32_t> out;
  for (size_t t = 0; t < path.size(); ++t) {
    if (path[t] != kCtcBlank && (t == 0 || path[t] != path[t - 1])) out.push_back(path[t]);
  }
  return out;
}

// −ln of the summed probability of every path that collapses to the labels.
double enumerated_loss(const std::vector<double>& logits, int64_t frames, int64_t classes,
                       const std::vector<int32_t>& labels) {
  double total = 0.0;
  std::vector<int32_t> path(static_cast<size_t>(frames), 0);
  for (;;) {
    if (collapsed(path) == labels) {
      double p = 1.0;
      for (int64_t t = 0; t < frames; ++t) {
        double sum = 0.0;
        for (int64_t k = 0; k < classes; ++k) sum += std::exp(logits[static_cast<size_t>(t * classes + k)]);
        p *= std::exp(logits[static_cast<size_t>(t * classes + path[static_cast<size_t>(t)])]) / sum;
      }
      total += p;
    }
    size_t digit = 0;
    while (digit < path.size() && ++path[digit] == classes) path[digit++] = 0;
    if (digit == path.size()) break;
  }
  return -std::log(total);
}

}  // namespace

TEST_CASE("ctc: the sum over all paths, and its gradient by central differences") {
  const int64_t frames = 6;
  const int64_t classes = 4;
  const std::vector<std::vector<int32_t>> all_labels{{}, {1}, {1, 2}, {2, 2}, {1, 1, 1}, {3, 1, 3, 3}};
  for (const auto& labels : all_labels) {
    CAPTURE(labels.size());
    std::vector<double> logits = test::random_values(11 + labels.size(), frames * classes);
    for (double& v : logits) v = static_cast<double>(static_cast<float>(3.0 * v));
    std::vector<float> dlogits(logits.size());
    const double loss = ctc_loss(test::to_float(logits).data(), frames, classes, labels, dlogits.data());
    CHECK(loss == doctest::Approx(enumerated_loss(logits, frames, classes, labels)).epsilon(1e-9));
    test::check_gradient(
        "logits", logits, [&] { return enumerated_loss(logits, frames, classes, labels); }, dlogits);
  }
}

TEST_CASE("ctc: labels that take more frames than there are") {
  const std::vector<float> logits(3 * 4, 0.5F);
  std::vector<float> dlogits(logits.size(), 7.0F);
  const std::vector<int32_t> labels{2, 2, 1};  // with the blank between the twos four frames
  CHECK(ctc_min_frames(labels) == 4);
  CHECK(std::isinf(ctc_loss(logits.data(), 3, 4, labels, dlogits.data())));
  CHECK(dlogits == std::vector<float>(logits.size(), 0.0F));
}

TEST_CASE("ctc: thousands of frames neither under- nor overflow") {
  const int64_t frames = 4000;
  std::vector<float> logits = test::to_float(test::random_values(3, frames * 5));
  for (float& v : logits) v *= 60.0F;
  std::vector<int32_t> labels;
  for (int32_t i = 0; i < 500; ++i) labels.push_back(1 + i % 4);
  std::vector<float> dlogits(logits.size());
  CHECK(std::isfinite(ctc_loss(logits.data(), frames, 5, labels, dlogits.data())));
  for (const float d : dlogits) CHECK(std::abs(d) <= 1.0F + 1e-6F);
  // Over the classes of a frame the gradient adds up to nothing, for the softmax does not see a constant.
  for (int64_t t = 0; t < frames; t += 97) {
    double sum = 0.0;
    for (int64_t k = 0; k < 5; ++k) sum += static_cast<double>(dlogits[static_cast<size_t>(t * 5 + k)]);
    CHECK(sum == doctest::Approx(0.0).epsilon(1e-5));
  }
}
