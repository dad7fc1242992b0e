#include "wav2vec/align/similarity.h"

#include <Eigen/Core>
#include <cmath>

#include "wav2vec/core/error.h"
#include "wav2vec/nn/softmax.h"

namespace wav2vec {
namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using ConstMap = Eigen::Map<const Matrix>;
using Map = Eigen::Map<Matrix>;

// Keeps a product that is too small for a float from −∞.
constexpr float kLeast = 1e-30F;

}  // namespace

double Similarity::at(int64_t frame, int64_t letter) const {
  float score = 0.0F;
  block(frame, frame + 1, letter, letter + 1, &score);
  return score;
}

void Similarity::block(int64_t first_frame, int64_t end_frame, int64_t first_letter, int64_t end_letter,
                       float* scores) const {
  const int64_t rows = end_frame - first_frame;
  const int64_t columns = end_letter - first_letter;
  // In memory that is aligned: of vectors Eigen takes another logarithm than of the rest, and which elements
  // are the rest would depend on where `scores` lies.
  Matrix sums(rows, columns);
  sums.noalias() = ConstMap(heard + first_frame * sounds, rows, sounds) *
                   ConstMap(meant + first_letter * sounds, columns, sounds).transpose();
  sums.array() = sums.array().max(kLeast).log();
  Map(scores, rows, columns) = sums;
}

std::vector<float> heard_sounds(const float* logits, int64_t frames, int64_t sounds,
                                std::span<const float> log_priors, double background) {
  W2V_CHECK(std::ssize(log_priors) == sounds, "a prior for every sound");
  const std::vector<double> log_p = log_softmax(logits, frames, sounds);
  std::vector<float> heard(log_p.size());
  for (size_t i = 0; i < heard.size(); ++i) {
    const double ratio = std::exp(log_p[i] - log_priors[i % log_priors.size()]);
    heard[i] = static_cast<float>((1.0 - background) * ratio + background);
  }
  return heard;
}

std::vector<float> meant_sounds(const float* logits, int64_t letters, int64_t sounds) {
  const std::vector<double> log_p = log_softmax(logits, letters, sounds);
  std::vector<float> meant(log_p.size());
  for (size_t i = 0; i < meant.size(); ++i) meant[i] = static_cast<float>(std::exp(log_p[i]));
  return meant;
}

void similarity_backward(const Similarity& similarity, const float* scores, const float* dscores,
                         float* dheard, float* dmeant) {
  const int64_t frames = similarity.frames;
  const int64_t letters = similarity.letters;
  const int64_t sounds = similarity.sounds;
  const ConstMap heard(similarity.heard, frames, sounds);
  const ConstMap meant(similarity.meant, letters, sounds);
  // d s(t, i) / d ln p(k | t) = share of sound k in the sum of s(t, i), and the same for the letter.
  Matrix weights = ConstMap(scores, frames, letters);
  weights.array() = ConstMap(dscores, frames, letters).array() * (-weights.array()).exp();
  Map(dheard, frames, sounds) = (weights * meant).cwiseProduct(heard);
  Map(dmeant, letters, sounds) = (weights.transpose() * heard).cwiseProduct(meant);
}

}  // namespace wav2vec
