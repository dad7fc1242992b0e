#include "wav2vec/nn/ctc_loss.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "wav2vec/core/error.h"
#include "wav2vec/core/log_add.h"
#include "wav2vec/nn/softmax.h"

namespace wav2vec {
namespace {

/// The states of CTC: blank, label, blank, label, …, blank.
struct States {
  std::span<const int32_t> labels;

  int64_t count() const { return 2 * static_cast<int64_t>(labels.size()) + 1; }
  int32_t class_of(int64_t s) const { return s % 2 == 0 ? kCtcBlank : labels[static_cast<size_t>(s / 2)]; }
  /// Whether the blank before state s may be left out.
  bool may_skip_to(int64_t s) const { return s % 2 == 1 && s > 2 && class_of(s) != class_of(s - 2); }
};

class Lattice {
 public:
  Lattice(const std::vector<double>& log_probabilities, int64_t frames, int64_t classes, States states)
      : log_p_(log_probabilities), frames_(frames), classes_(classes), states_(states) {}

  /// alpha[t, s]: ln of the probability of all beginnings that are in state s at frame t, that frame
  /// included.
  std::vector<double> forward() const {
    std::vector<double> alpha(size(), kLogZero);
    for (int64_t s = 0; s < std::min<int64_t>(2, states_.count()); ++s) alpha[at(0, s)] = log_p(0, s);
    for (int64_t t = 1; t < frames_; ++t) {
      for (int64_t s = 0; s < states_.count(); ++s) {
        double sum = alpha[at(t - 1, s)];
        if (s > 0) sum = log_add(sum, alpha[at(t - 1, s - 1)]);
        if (states_.may_skip_to(s)) sum = log_add(sum, alpha[at(t - 1, s - 2)]);
        alpha[at(t, s)] = sum == kLogZero ? kLogZero : sum + log_p(t, s);
      }
    }
    return alpha;
  }

  /// beta[t, s]: ln of the probability of all endings from state s at frame t, that frame left out.
  std::vector<double> backward() const {
    std::vector<double> beta(size(), kLogZero);
    const int64_t last = states_.count() - 1;
    for (int64_t s = std::max<int64_t>(0, last - 1); s <= last; ++s) beta[at(frames_ - 1, s)] = 0.0;
    for (int64_t t = frames_ - 2; t >= 0; --t) {
      for (int64_t s = 0; s <= last; ++s) {
        double sum = arriving(beta, t + 1, s);
        if (s + 1 <= last) sum = log_add(sum, arriving(beta, t + 1, s + 1));
        if (s + 2 <= last && states_.may_skip_to(s + 2)) sum = log_add(sum, arriving(beta, t + 1, s + 2));
        beta[at(t, s)] = sum;
      }
    }
    return beta;
  }

  double log_total(const std::vector<double>& alpha) const {
    const int64_t last = states_.count() - 1;
    const double blank = alpha[at(frames_ - 1, last)];
    return last == 0 ? blank : log_add(blank, alpha[at(frames_ - 1, last - 1)]);
  }

  size_t at(int64_t t, int64_t s) const { return static_cast<size_t>(t * states_.count() + s); }

 private:
  size_t size() const { return static_cast<size_t>(frames_ * states_.count()); }
  double log_p(int64_t t, int64_t s) const {
    return log_p_[static_cast<size_t>(t * classes_ + states_.class_of(s))];
  }
  double arriving(const std::vector<double>& beta, int64_t t, int64_t s) const {
    return beta[at(t, s)] == kLogZero ? kLogZero : beta[at(t, s)] + log_p(t, s);
  }

  const std::vector<double>& log_p_;
  int64_t frames_;
  int64_t classes_;
  States states_;
};

}  // namespace

int64_t ctc_min_frames(std::span<const int32_t> labels) {
  auto frames = static_cast<int64_t>(labels.size());
  for (size_t i = 1; i < labels.size(); ++i) frames += labels[i] == labels[i - 1] ? 1 : 0;
  return frames;
}

double ctc_loss(const float* logits, int64_t frames, int64_t classes, std::span<const int32_t> labels,
                float* dlogits) {
  for (const int32_t label : labels)
    W2V_CHECK(label > kCtcBlank && label < classes, "labels are classes other than the blank");
  if (frames < std::max<int64_t>(1, ctc_min_frames(labels))) {
    if (dlogits != nullptr) std::fill_n(dlogits, frames * classes, 0.0F);
    return std::numeric_limits<double>::infinity();
  }
  const std::vector<double> log_p = log_softmax(logits, frames, classes);
  const States states{labels};
  const Lattice lattice(log_p, frames, classes, states);
  const std::vector<double> alpha = lattice.forward();
  const double total = lattice.log_total(alpha);
  if (dlogits == nullptr) return -total;

  // d(−ln P)/d logit = softmax − share of the paths that are in this class here.
  const std::vector<double> beta = lattice.backward();
  std::vector<double> posterior(static_cast<size_t>(classes));
  for (int64_t t = 0; t < frames; ++t) {
    std::fill(posterior.begin(), posterior.end(), 0.0);
    for (int64_t s = 0; s < states.count(); ++s) {
      const double log_share = alpha[lattice.at(t, s)] + beta[lattice.at(t, s)] - total;
      if (log_share > kLogZero) posterior[static_cast<size_t>(states.class_of(s))] += std::exp(log_share);
    }
    for (int64_t k = 0; k < classes; ++k) {
      dlogits[t * classes + k] = static_cast<float>(std::exp(log_p[static_cast<size_t>(t * classes + k)]) -
                                                    posterior[static_cast<size_t>(k)]);
    }
  }
  return -total;
}

}  // namespace wav2vec
