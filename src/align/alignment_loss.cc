#include "wav2vec/align/alignment_loss.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "wav2vec/align/chain_loss.h"
#include "wav2vec/align/similarity.h"
#include "wav2vec/nn/softmax.h"

namespace wav2vec {

double alignment_loss(const TowerLogits& logits, std::span<const ChainState> chain,
                      std::span<const float> log_priors) {
  const std::vector<float> heard =
      heard_sounds(logits.frames, logits.frame_count, logits.sounds, log_priors, 0.0);
  const std::vector<float> meant = meant_sounds(logits.letters, logits.letter_count, logits.sounds);
  const Similarity similarity{heard.data(), meant.data(), logits.frame_count, logits.letter_count,
                              logits.sounds};
  std::vector<float> scores(static_cast<size_t>(logits.frame_count * logits.letter_count));
  similarity.block(0, logits.frame_count, 0, logits.letter_count, scores.data());
  if (logits.dframes == nullptr)
    return chain_loss(scores.data(), logits.frame_count, logits.letter_count, chain, nullptr);
  std::vector<float> dscores(scores.size());
  const double loss =
      chain_loss(scores.data(), logits.frame_count, logits.letter_count, chain, dscores.data());
  if (logits.occupancy != nullptr)
    std::ranges::transform(dscores, logits.occupancy, [](float slope) { return -slope; });
  similarity_backward(similarity, scores.data(), dscores.data(), logits.dframes, logits.dletters);
  for (int64_t k = 0; k < logits.sounds; ++k) {
    logits.dlog_priors[k] = 0.0;
    for (int64_t t = 0; t < logits.frame_count; ++t)
      logits.dlog_priors[k] -= logits.dframes[t * logits.sounds + k];
  }
  log_softmax_backward(logits.frames, logits.frame_count, logits.sounds, logits.dframes);
  log_softmax_backward(logits.letters, logits.letter_count, logits.sounds, logits.dletters);
  return loss;
}

}  // namespace wav2vec
