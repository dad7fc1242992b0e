#include "wav2vec/head/head_validation.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "wav2vec/align/chain_loss.h"
#include "wav2vec/align/similarity.h"
#include "wav2vec/align/word_times.h"
#include "wav2vec/data/batch_loader.h"
#include "wav2vec/decode/ctc_decoder.h"
#include "wav2vec/measure/error_rate.h"
#include "wav2vec/measure/ranking.h"
#include "wav2vec/text/token_set.h"
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
  std::vector<LabelledScore> utterances;
  std::vector<LabelledScore> parts;  // words; those of an utterance weigh as much as it does
};

/// The text of another utterance with about as many characters, for each; of itself where all are equal.
std::vector<size_t> wrong_texts(const HeadPart& part) {
  std::vector<size_t> order(part.texts.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, {}, [&](size_t i) { return part.texts[i].tokens.size(); });
  std::vector<size_t> wrong(order.size());
  for (size_t i = 0; i < order.size(); ++i) {
    wrong[order[i]] = order[i];
    for (size_t step = 1; step < order.size(); ++step) {
      const size_t other = order[(i + step) % order.size()];
      if (part.texts[other].tokens == part.texts[order[i]].tokens) continue;
      wrong[order[i]] = other;
      break;
    }
  }
  return wrong;
}

/// Aligns a text and notes how well it and its words match; the path is returned, empty where the text does
/// not fit.
std::vector<int64_t> note_match(const Similarity& similarity, const SpokenText& text,
                                std::span<const ChainState> chain, bool matches, Sums& sums) {
  std::vector<int64_t> path = best_chain_path(similarity, chain);
  if (path.empty()) return path;
  const std::vector<double> letters = letter_similarities(similarity, chain, path);
  sums.utterances.push_back({match_score(letters, text.tokens, 0, std::ssize(text.tokens)), matches});
  for (const TokenWord& word : text.words) {
    sums.parts.push_back({match_score(letters, text.tokens, word.begin, word.end), matches,
                          1.0 / static_cast<double>(text.words.size())});
  }
  return path;
}

/// A text with the sounds that its letters stand for.
struct MeantText {
  const SpokenText& text;
  std::vector<float> meant;

  Similarity with(const std::vector<float>& heard, int64_t sounds) const {
    return {heard.data(), meant.data(), std::ssize(heard) / sounds, std::ssize(text.tokens), sounds};
  }
};

Sums judge(const MeantText& right, const MeantText& wrong, const std::vector<float>& heard, int64_t sounds,
           const FrameTimes& frame_times) {
  Sums sums;
  const SpokenText& text = right.text;
  // Without the known times: these are what is looked for.
  const std::vector<ChainState> chain = chain_of(text.tokens);
  const Similarity similarity = right.with(heard, sounds);
  std::vector<float> scores(static_cast<size_t>(similarity.frames * similarity.letters));
  similarity.block(0, similarity.frames, 0, similarity.letters, scores.data());
  const double loss = chain_loss(scores.data(), similarity.frames, similarity.letters, chain, nullptr);
  if (!std::isfinite(loss)) return sums;  // the text does not fit into the audio
  sums.loss_nats = loss;
  sums.frames = similarity.frames;
  if (wrong.text.tokens != text.tokens)
    note_match(wrong.with(heard, sounds), wrong.text, chain_of(wrong.text.tokens), false, sums);
  const std::vector<int64_t> path = note_match(similarity, text, chain, true, sums);
  if (path.empty() || !text.has_times()) return sums;
  const std::vector<TimeSpan> found =
      word_times(letter_times(similarity, chain, path, frame_times), text.words);
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

double area_under_curve(const std::vector<LabelledScore>& scores) {
  std::vector<ScoredItem> items;
  for (const LabelledScore& s : scores) items.push_back({s.score.similarity, s.matches});
  return wav2vec::area_under_curve(items);
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
  std::ranges::copy(from.utterances, std::back_inserter(to.utterances));
  std::ranges::copy(from.parts, std::back_inserter(to.parts));
}

}  // namespace

HeadValidation validate_head(const AlignmentNetwork& network, const Pass& pass, const HeadPart& part,
                             const DataConfig& data, const FrameTimes& frame_times, int64_t max_batches) {
  constexpr uint64_t kSeed = 0;
  BatchLoader loader(part.manifest, data, kSeed,
                     {.start = {}, .single_pass = true, .crop = CropPlace::centre});
  const std::vector<size_t> wrong = wrong_texts(part);
  Sums sums;
  for (int64_t n = 0; max_batches == 0 || n < max_batches; ++n) {
    AudioBatch batch = loader.next();
    if (batch.empty()) break;
    const Workspace::Mark mark = pass.workspace.mark();
    std::vector<size_t> utterances;
    std::vector<std::vector<int>> texts;
    for (const auto u : batch.utterances) utterances.push_back(static_cast<size_t>(u));
    for (const size_t u : utterances) texts.push_back(part.texts[u].tokens);
    for (const size_t u : utterances) texts.push_back(part.texts[wrong[u]].tokens);
    const AlignmentLogits logits = alignment_forward(network, pass, waveform_of(batch), nullptr);
    // Right and wrong texts attend to the same frames.
    std::vector<AttendedFrames> attended;
    for (size_t i = 0; i < texts.size() && network.attention; ++i) {
      const auto b = static_cast<int64_t>(i % utterances.size());
      attended.push_back({b, 0, logits.hidden.length(b)});
    }
    TextCache unused;
    const Activations meant = text_forward(network, pass, texts, kGapToken, logits.hidden, attended, unused);
    std::vector<Sums> each(utterances.size());
#pragma omp parallel for schedule(dynamic)
    for (size_t i = 0; i < utterances.size(); ++i) {
      const auto b = static_cast<int64_t>(i);
      const auto meant_text = [&](int64_t item, size_t utterance) {
        return MeantText{part.texts[utterance],
                         meant_sounds(meant.item(item), meant.length(item), meant.channels)};
      };
      const Activations& sounds = logits.sounds;
      each[i] = judge(meant_text(b, utterances[i]), meant_text(b + sounds.batch, wrong[utterances[i]]),
                      heard_sounds(sounds.item(b), sounds.length(b), sounds.channels,
                                   pass.parameters[network.log_priors], kBackgroundShare),
                      sounds.channels, frame_times);
      const std::span<const int> letters = part.texts[utterances[i]].letters();
      const std::vector<int32_t> heard =
          ctc_best_path(logits.letters.item(b), sounds.length(b), network.tokens());
      each[i].character_errors = count_errors(letters, heard).errors();
      each[i].characters = std::ssize(letters);
    }
    for (const Sums& one : each) add(sums, one);
    pass.workspace.rewind(mark);
  }
  // NaN where nothing was measured.
  const auto words = static_cast<double>(sums.words);
  std::vector<LabelledScore> all = sums.utterances;
  std::ranges::copy(sums.parts, std::back_inserter(all));
  return {.loss_nats = sums.loss_nats / static_cast<double>(sums.frames),
          .character_error_rate =
              static_cast<double>(sums.character_errors) / static_cast<double>(sums.characters),
          .start_error_seconds = sums.start_error / words,
          .end_error_seconds = sums.end_error / words,
          .start_bias_seconds = sums.start_bias / words,
          .end_bias_seconds = sums.end_bias / words,
          .words = sums.words,
          .match_auc = area_under_curve(sums.utterances),
          .calibration = fit_calibration(all)};
}

}  // namespace wav2vec
