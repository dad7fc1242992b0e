#include "wav2vec/align/match_loss.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "wav2vec/align/alignment_loss.h"

namespace wav2vec {
namespace {

/// The alignment of one text, with gradients of its own.
struct Aligned {
  double loss = 0.0;
  std::vector<float> dframes;
  std::vector<float> dletters;
  std::vector<double> dlog_priors;

  Aligned(const MatchAudio& audio, const MatchText& text, std::span<const float> log_priors)
      : dframes(static_cast<size_t>(audio.frame_count * audio.sounds)),
        dletters(static_cast<size_t>(text.letter_count * audio.sounds)),
        dlog_priors(log_priors.size()) {
    loss = alignment_loss({.frames = audio.frames,
                           .letters = text.letters,
                           .dframes = dframes.data(),
                           .dletters = dletters.data(),
                           .dlog_priors = dlog_priors.data(),
                           .frame_count = audio.frame_count,
                           .letter_count = text.letter_count,
                           .sounds = audio.sounds},
                          text.chain, log_priors);
  }
};

}  // namespace

MatchLoss match_loss(const MatchAudio& audio, std::span<const MatchText> texts,
                     std::span<const float> log_priors, double temperature, double scale) {
  std::vector<Aligned> aligned;
  std::vector<const MatchText*> fit;
  for (const MatchText& text : texts) {
    Aligned one(audio, text, log_priors);
    if (std::isfinite(one.loss)) {
      aligned.push_back(std::move(one));
      fit.push_back(&text);
    } else if (fit.empty()) {
      return {};  // the right one is the first
    }
  }
  MatchLoss result{.texts = std::ssize(fit)};
  if (result.texts < 2) return result;
  const double unit = temperature * static_cast<double>(audio.frame_count);
  std::vector<double> scores;
  for (const Aligned& one : aligned) scores.push_back(-one.loss / unit);
  const double top = *std::ranges::max_element(scores);
  double sum = 0.0;
  for (const double score : scores) sum += std::exp(score - top);
  result.nats = top + std::log(sum) - scores[0];
  result.right_is_best =
      std::all_of(scores.begin() + 1, scores.end(), [&](double score) { return score < scores[0]; });
  for (size_t i = 0; i < aligned.size(); ++i) {
    const double share = std::exp(scores[i] - top) / sum;
    // d(loss) / d(alignment loss of text i)
    const double slope = scale * ((i == 0 ? 1.0 : 0.0) - share) / unit;
    const auto factor = static_cast<float>(slope);
    const Aligned& one = aligned[i];
    for (size_t k = 0; k < one.dframes.size(); ++k) audio.dframes[k] += factor * one.dframes[k];
    for (size_t k = 0; k < one.dletters.size(); ++k) fit[i]->dletters[k] += factor * one.dletters[k];
    for (size_t k = 0; k < one.dlog_priors.size(); ++k) audio.dlog_priors[k] += slope * one.dlog_priors[k];
  }
  return result;
}

}  // namespace wav2vec
