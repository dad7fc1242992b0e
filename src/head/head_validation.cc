#include "wav2vec/head/head_validation.h"

#include <algorithm>
#include <cmath>

#include "wav2vec/align/chain_loss.h"
#include "wav2vec/align/word_times.h"
#include "wav2vec/data/batch_loader.h"
#include "wav2vec/head/token_scores.h"
#include "wav2vec/text/character_tokens.h"
#include "wav2vec/train/training_batch.h"

namespace wav2vec {
namespace {

struct Sums {
  double loss_nats = 0.0;
  int64_t frames = 0;
  int64_t character_errors = 0;
  int64_t characters = 0;
  double start_error = 0.0, end_error = 0.0, start_bias = 0.0, end_bias = 0.0;
  int64_t words = 0;
};

// Insertions, deletions and substitutions between two sequences.
int64_t edit_distance(std::span<const int> a, std::span<const int> b) {
  std::vector<int64_t> row(b.size() + 1);
  for (size_t j = 0; j < row.size(); ++j) row[j] = static_cast<int64_t>(j);
  for (size_t i = 0; i < a.size(); ++i) {
    int64_t diagonal = row[0]++;
    for (size_t j = 0; j < b.size(); ++j) {
      const int64_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

Sums judge(const SpokenText& text, const float* logits, int64_t frames, int64_t tokens,
           const FrameClock& clock, std::span<const float> log_priors) {
  Sums sums;
  // Without the known times: these are what is looked for.
  const TextChain chain = chain_of(text.tokens);
  const double loss = chain_loss(logits, frames, tokens, chain.states, log_priors, nullptr);
  if (!std::isfinite(loss)) return sums;
  sums.loss_nats = loss;
  sums.frames = frames;
  const std::vector<float> scores = scaled_log_posteriors(logits, frames, tokens, log_priors);
  const std::vector<int> recognised = read_greedily({scores.data(), frames, tokens});
  sums.character_errors = edit_distance(text.tokens, recognised);
  sums.characters = std::ssize(text.tokens);
  if (!text.has_times()) return sums;
  const TokenScores rows{scores.data(), frames, tokens};
  const std::vector<int64_t> path = best_chain_path(rows, chain.states);
  if (path.empty()) return sums;
  const std::vector<TimeSpan> found = word_times(token_times(rows, chain, path, clock), text.words);
  for (size_t i = 0; i < found.size(); ++i) {
    const double start = found[i].start_seconds - text.times[i].start_seconds;
    const double end = found[i].end_seconds - text.times[i].end_seconds();
    sums.start_error += std::abs(start);
    sums.end_error += std::abs(end);
    sums.start_bias += start;
    sums.end_bias += end;
    ++sums.words;
  }
  return sums;
}

void add(Sums& to, const Sums& from) {
  to.loss_nats += from.loss_nats;
  to.frames += from.frames;
  to.character_errors += from.character_errors;
  to.characters += from.characters;
  to.start_error += from.start_error;
  to.end_error += from.end_error;
  to.start_bias += from.start_bias;
  to.end_bias += from.end_bias;
  to.words += from.words;
}

}  // namespace

HeadValidation validate_head(const AlignmentNetwork& network, const Pass& pass, const HeadPart& part,
                             const DataConfig& data, const FrameClock& clock,
                             std::span<const float> log_priors, int64_t max_batches) {
  constexpr uint64_t kSeed = 0;
  BatchLoader loader(part.manifest, data, kSeed,
                     {.start = {}, .single_pass = true, .crop = CropPlace::centre});
  Sums sums;
  for (int64_t n = 0; max_batches == 0 || n < max_batches; ++n) {
    AudioBatch batch = loader.next();
    if (batch.empty()) break;
    const Workspace::Mark mark = pass.workspace.mark();
    const Activations logits = alignment_forward(network, pass, waveform_of(batch), nullptr);
    std::vector<Sums> each(static_cast<size_t>(logits.batch));
#pragma omp parallel for schedule(dynamic)
    for (int64_t b = 0; b < logits.batch; ++b) {
      const auto u = static_cast<size_t>(batch.utterances[static_cast<size_t>(b)]);
      each[static_cast<size_t>(b)] =
          judge(part.texts[u], logits.item(b), logits.length(b), network.tokens(), clock, log_priors);
    }
    for (const Sums& one : each) add(sums, one);
    pass.workspace.rewind(mark);
  }
  const auto words = static_cast<double>(std::max<int64_t>(sums.words, 1));
  return {.loss_nats = sums.loss_nats / static_cast<double>(std::max<int64_t>(sums.frames, 1)),
          .character_error_rate = static_cast<double>(sums.character_errors) /
                                  static_cast<double>(std::max<int64_t>(sums.characters, 1)),
          .start_error_seconds = sums.start_error / words,
          .end_error_seconds = sums.end_error / words,
          .start_bias_seconds = sums.start_bias / words,
          .end_bias_seconds = sums.end_bias / words,
          .words = sums.words};
}

}  // namespace wav2vec
