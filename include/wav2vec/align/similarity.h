#pragma once
// The space in which audio and text meet: which sounds are heard in a frame, which sounds a letter stands
// for, and how well they agree.

#include <cstdint>
#include <span>
#include <vector>

namespace wav2vec {

/// Tables in memory that somebody else owns. The similarity of frame t and letter i is
///   s(t, i) = ln Σ_k p(k | t) · p(k | i) / p(k)
/// over the sounds k: the logarithm by which the frame is more probable where this letter is spoken than
/// anywhere. A letter that says nothing about its sound has 0 in every frame.
struct Similarity {
  const float* heard = nullptr;  ///< p(k | t) / p(k), [frames, sounds]
  const float* meant = nullptr;  ///< p(k | i), [letters, sounds]
  int64_t frames = 0;
  int64_t letters = 0;
  int64_t sounds = 0;

  double at(int64_t frame, int64_t letter) const;
  /// Of frames [first_frame, end_frame) and letters [first_letter, end_letter), in this order, to `scores`.
  void block(int64_t first_frame, int64_t end_frame, int64_t first_letter, int64_t end_letter,
             float* scores) const;
};

/// What heard_sounds() takes for a share of background where no towers are trained.
inline constexpr double kBackgroundShare = 0.01;

/// `background`: the share of frames that tell nothing (a click, another voice), which keeps a single one
/// from deciding: the score of a letter is at least its logarithm. logits [frames, sounds], log_priors
/// [sounds].
std::vector<float> heard_sounds(const float* logits, int64_t frames, int64_t sounds,
                                std::span<const float> log_priors, double background);
/// logits: [letters, sounds].
std::vector<float> meant_sounds(const float* logits, int64_t letters, int64_t sounds);

/// scores, dscores: [frames, letters], of Similarity::block. Overwrites the gradients with regard to
/// ln p(k | t), [frames, sounds], and ln p(k | i), [letters, sounds].
void similarity_backward(const Similarity& similarity, const float* scores, const float* dscores,
                         float* dheard, float* dmeant);

}  // namespace wav2vec
