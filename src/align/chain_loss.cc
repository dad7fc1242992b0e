#include "wav2vec/align/chain_loss.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "wav2vec/core/error.h"
#include "wav2vec/core/log_add.h"

namespace wav2vec {
namespace {

class Lattice {
 public:
  Lattice(const float* scores, int64_t frames, int64_t letters, std::span<const ChainState> chain)
      : frames_(frames), chain_(chain), scores_(static_cast<size_t>(frames) * chain.size(), kLogZero) {
    for (int64_t s = 0; s < std::ssize(chain); ++s) {
      const ChainState& state = chain[static_cast<size_t>(s)];
      for (int64_t t = std::max<int64_t>(state.first_frame, 0); t < std::min(state.end_frame, frames); ++t)
        scores_[at(t, s)] = scores[t * letters + state.letter];
    }
  }

  /// alpha[t, s]: ln of the sum over the beginnings that are in state s at frame t, that frame included.
  std::vector<double> forward() const {
    std::vector<double> alpha(scores_.size(), kLogZero);
    alpha[at(0, 0)] = scores_[at(0, 0)];
    if (chain_[0].optional && count() > 1) alpha[at(0, 1)] = scores_[at(0, 1)];
    for (int64_t t = 1; t < frames_; ++t) {
      for (int64_t s = 0; s < count(); ++s) {
        if (scores_[at(t, s)] == kLogZero) continue;
        double sum = alpha[at(t - 1, s)];
        if (s > 0) sum = log_add(sum, alpha[at(t - 1, s - 1)]);
        if (may_skip_to(s)) sum = log_add(sum, alpha[at(t - 1, s - 2)]);
        alpha[at(t, s)] = sum + scores_[at(t, s)];
      }
    }
    return alpha;
  }

  /// beta[t, s]: ln of the sum over the endings from state s at frame t, that frame left out.
  std::vector<double> backward() const {
    std::vector<double> beta(scores_.size(), kLogZero);
    beta[at(frames_ - 1, count() - 1)] = 0.0;
    if (chain_.back().optional && count() > 1) beta[at(frames_ - 1, count() - 2)] = 0.0;
    for (int64_t t = frames_ - 2; t >= 0; --t) {
      for (int64_t s = 0; s < count(); ++s) {
        if (scores_[at(t, s)] == kLogZero) continue;  // no path comes from here
        double sum = arriving(beta, t + 1, s);
        if (s + 1 < count()) sum = log_add(sum, arriving(beta, t + 1, s + 1));
        if (s + 2 < count() && may_skip_to(s + 2)) sum = log_add(sum, arriving(beta, t + 1, s + 2));
        beta[at(t, s)] = sum;
      }
    }
    return beta;
  }

  double log_total(const std::vector<double>& alpha) const {
    const double last = alpha[at(frames_ - 1, count() - 1)];
    if (!chain_.back().optional || count() == 1) return last;
    return log_add(last, alpha[at(frames_ - 1, count() - 2)]);
  }

  int64_t count() const { return std::ssize(chain_); }
  size_t at(int64_t t, int64_t s) const { return static_cast<size_t>(t * count() + s); }

 private:
  bool may_skip_to(int64_t s) const { return s >= 2 && chain_[static_cast<size_t>(s - 1)].optional; }
  double arriving(const std::vector<double>& beta, int64_t t, int64_t s) const {
    return beta[at(t, s)] + scores_[at(t, s)];
  }

  int64_t frames_;
  std::span<const ChainState> chain_;
  std::vector<double> scores_;  // of every state, [frames, states]; ln 0 outside its frames
};

}  // namespace

double chain_loss(const float* scores, int64_t frames, int64_t letters, std::span<const ChainState> chain,
                  float* dscores) {
  W2V_CHECK(is_chain(chain), "two optional states in a row, or none that is required");
  for (const ChainState& state : chain)
    W2V_CHECK(state.letter >= 0 && state.letter < letters && state.jump_from < 0, "letters and no jumps");
  if (dscores != nullptr) std::fill_n(dscores, frames * letters, 0.0F);
  if (frames < least_frames(chain)) return std::numeric_limits<double>::infinity();
  const Lattice lattice(scores, frames, letters, chain);
  const std::vector<double> alpha = lattice.forward();
  const double total = lattice.log_total(alpha);
  if (total == kLogZero) return std::numeric_limits<double>::infinity();
  if (dscores == nullptr) return -total;
  const std::vector<double> beta = lattice.backward();
  for (int64_t t = 0; t < frames; ++t) {
    for (int64_t s = 0; s < lattice.count(); ++s) {
      const double log_share = alpha[lattice.at(t, s)] + beta[lattice.at(t, s)] - total;
      if (log_share > kLogZero)
        dscores[t * letters + chain[static_cast<size_t>(s)].letter] -=
            static_cast<float>(std::exp(log_share));
    }
  }
  return -total;
}

}  // namespace wav2vec
