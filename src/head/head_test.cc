#include "wav2vec/head/head_test.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "wav2vec/align/naive_times.h"
#include "wav2vec/align/pauses.h"
#include "wav2vec/audio/add_noise.h"
#include "wav2vec/audio/audio_reader.h"
#include "wav2vec/audio/waveform_source.h"
#include "wav2vec/core/draws.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/log.h"
#include "wav2vec/decode/ctc_decoder.h"
#include "wav2vec/head/ctc_fit.h"
#include "wav2vec/head/spoken_text.h"

namespace wav2vec {
namespace {

constexpr double kPowerFrameSeconds = 0.01;
constexpr double kSnapSeconds = 0.1;

struct Heard {
  const Utterance* utterance = nullptr;
  SpokenText text;
  double seconds = 0.0;
  RecordingScores scores;
};

struct Laid {
  std::vector<TimeSpan> words;
  MatchScore score;
};

Laid lay(HeadModel& model, const SpokenText& text, const RecordingScores& scores) {
  // Letters may attend to all frames of the recording.
  const std::vector<float> meant = model.meant(text.letters(), scores, 0, scores.frames);
  std::vector<float> with_gaps = model.meant(std::span(text.tokens).first(1), scores, 0, scores.frames);
  const std::vector<float> gap = with_gaps;
  with_gaps.insert(with_gaps.end(), meant.begin(), meant.end());
  with_gaps.insert(with_gaps.end(), gap.begin(), gap.end());
  const Similarity similarity{scores.heard.data(), with_gaps.data(), scores.frames, std::ssize(text.tokens),
                              scores.sounds};
  const std::vector<ChainState> chain = chain_of(text.tokens);
  const std::vector<int64_t> path = best_chain_path(similarity, chain);
  if (path.empty()) return {{}, {-std::numeric_limits<double>::infinity(), std::ssize(text.letters())}};
  std::vector<TimeSpan> times = letter_times(similarity, chain, path, model.frame_times());
  keep_out_of_pauses(times, text.words, scores.pauses, model.frame_times());
  return {word_times(times, text.words),
          match_score(letter_similarities(similarity, chain, path), text.tokens, 0, std::ssize(text.tokens))};
}

/// [0, count) in another order, a function of `place`.
std::vector<int64_t> shuffled_order(int64_t count, uint64_t place) {
  constexpr uint64_t kSeed = 0;
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), int64_t{0});
  Draws draws({kSeed, RandomUse::test_shuffle, {place}});
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[draws.below(i)]);
  return order;
}

std::vector<float> rows_in_order(const std::vector<float>& rows, int64_t width,
                                 std::span<const int64_t> order) {
  std::vector<float> result;
  result.reserve(rows.size());
  for (const int64_t row : order) {
    const auto first = rows.begin() + row * width;
    result.insert(result.end(), first, first + width);
  }
  return result;
}

/// What match scores are computed from, with the frames in another order.
RecordingScores frames_in_order(const RecordingScores& scores, std::span<const int64_t> order) {
  return {.frames = scores.frames,
          .sounds = scores.sounds,
          .tokens = scores.tokens,
          .heard = rows_in_order(scores.heard, scores.sounds, order),
          .powers = {},
          .letters = {},
          .pauses = rows_in_order(scores.pauses, 1, order),
          .hidden = rows_in_order(scores.hidden, scores.hidden_channels, order),
          .hidden_channels = scores.hidden_channels};
}

/// The words keep their lengths.
SpokenText letters_in_another_order(const SpokenText& text, uint64_t place) {
  std::vector<size_t> places;
  for (const TokenWord& word : text.words) {
    for (int64_t i = word.begin; i < word.end; ++i) places.push_back(static_cast<size_t>(i));
  }
  const std::vector<int64_t> order = shuffled_order(std::ssize(places), place);
  SpokenText shuffled = text;
  for (size_t i = 0; i < places.size(); ++i)
    shuffled.tokens[places[i]] = text.tokens[places[static_cast<size_t>(order[i])]];
  return shuffled;
}

std::vector<double> powers_of(std::span<const float> samples, int64_t sample_rate_hz) {
  const auto frame = static_cast<size_t>(kPowerFrameSeconds * static_cast<double>(sample_rate_hz));
  std::vector<double> powers;
  for (size_t first = 0; first + frame <= samples.size(); first += frame)
    powers.push_back(mean_power(samples.subspan(first, frame)));
  return powers;
}

void note_times(BoundaryComparison& comparison, std::span<const TimeSpan> found,
                std::span<const TimedLabel> truth, const std::string& speaker) {
  if (found.size() != truth.size()) {
    ++comparison.different_words;
    return;
  }
  ++comparison.utterances;
  for (size_t i = 0; i < found.size(); ++i) {
    comparison.errors.push_back({found[i].start_seconds - truth[i].start_seconds, false, speaker});
    comparison.errors.push_back({found[i].end_seconds - truth[i].end_seconds(), true, speaker});
  }
}

/// Of each: the one of another speaker whose text has the most similar number of letters for its seconds.
std::vector<size_t> wrong_texts(const std::vector<Heard>& heard) {
  std::vector<size_t> wrong(heard.size());
  for (size_t i = 0; i < heard.size(); ++i) {
    double best = std::numeric_limits<double>::infinity();
    for (size_t j = 0; j < heard.size(); ++j) {
      const bool same = i == j || heard[j].text.tokens == heard[i].text.tokens ||
                        (heard[j].utterance->speaker == heard[i].utterance->speaker &&
                         !heard[i].utterance->speaker.empty());
      if (same) continue;
      const double distance = std::abs(std::log(static_cast<double>(heard[j].text.tokens.size()) /
                                                static_cast<double>(heard[i].text.tokens.size()))) +
                              1e-6 * static_cast<double>((j + heard.size() - i) % heard.size());
      if (distance >= best) continue;
      best = distance;
      wrong[i] = j;
    }
  }
  return wrong;
}

}  // namespace

HeadTest test_head(HeadModel& model, const Manifest& manifest, const Alignment& word_times_given,
                   const TokenReader& reader, const HeadTestOptions& options) {
  HeadTest test;
  const MatchCalibration calibration = model.calibration();
  const int64_t rate = model.info().sample_rate_hz;
  std::vector<Heard> heard;
  std::map<std::string, GroupCounts> errors;
  int64_t done = 0;
  for (const Utterance& utterance : manifest.utterances) {
    if (!options.progress(done++)) return {};
    Heard one{.utterance = &utterance,
              .text = spoken_text(usual_tokens(reader.read(utterance.text))),
              .scores = {}};
    if (one.text.empty()) continue;
    std::vector<float> samples;
    try {
      samples = read_audio(utterance.audio, {.sample_rate_hz = rate}, utterance.start_seconds,
                           utterance.duration_seconds)
                    .samples;
    } catch (const AudioError& error) {
      log_warning(error.what());
      continue;
    }
    one.seconds = static_cast<double>(samples.size()) / static_cast<double>(rate);
    one.scores = model.scores(waveform_in_memory(samples));
    if (one.scores.frames == 0) continue;
    ++test.utterances;
    test.audio_seconds += one.seconds;
    const std::string& speaker = utterance.speaker.empty() ? utterance.id : utterance.speaker;
    GroupCounts& counts = errors[speaker];
    const std::vector<int32_t> letters =
        ctc_best_path(one.scores.letters.data(), one.scores.frames, one.scores.tokens);
    counts.errors += static_cast<double>(count_errors(one.text.letters(), letters).errors());
    counts.total += static_cast<double>(one.text.letters().size());
    const std::vector<TimedLabel>* labels = word_times_given.find(utterance.id);
    if (labels != nullptr) {
      const std::vector<TimedLabel> truth = word_labels(*labels);
      const std::vector<double> powers = powers_of(samples, rate);
      const auto note = [&](TimesFrom from, std::span<const TimeSpan> found) {
        note_times(test.times[static_cast<size_t>(from)], found, truth, speaker);
      };
      note(TimesFrom::head, lay(model, one.text, one.scores).words);
      note(TimesFrom::ctc, ctc_word_times(one.text.letters(),
                                          {one.scores.letters.data(), one.scores.frames, one.scores.tokens},
                                          model.frame_times()));
      const std::vector<TimeSpan> uniform =
          uniform_times(words_of(one.text.letters()), std::ssize(one.text.letters()),
                        loud_span(powers, kPowerFrameSeconds));
      note(TimesFrom::uniform, uniform);
      note(TimesFrom::energy, snapped_times(uniform, powers, kPowerFrameSeconds, kSnapSeconds));
    }
    if (one.seconds >= options.least_seconds) heard.push_back(std::move(one));
  }
  for (const auto& [speaker, counts] : errors) test.character_errors.push_back(counts);
  if (heard.size() < 3) return test;

  const std::vector<size_t> wrong = wrong_texts(heard);
  const auto letters_per_second = [](const SpokenText& text, double seconds) {
    return static_cast<double>(text.letters().size()) / seconds;
  };
  double usual = 0.0;
  for (const Heard& one : heard)
    usual += letters_per_second(one.text, one.seconds) / static_cast<double>(heard.size());
  for (size_t i = 0; i < heard.size(); ++i) {
    const std::string& speaker =
        heard[i].utterance->speaker.empty() ? heard[i].utterance->id : heard[i].utterance->speaker;
    // Neither text belongs to it, nor does its speaker to either where there are enough.
    const size_t third = wrong[wrong[i]] == i ? wrong[(i + 1) % heard.size()] : wrong[wrong[i]];
    const RecordingScores disordered =
        frames_in_order(heard[i].scores, shuffled_order(heard[i].scores.frames, i));
    for (const bool right : {true, false}) {
      const SpokenText& text = right ? heard[i].text : heard[wrong[i]].text;
      const MatchScore score = lay(model, text, heard[i].scores).score;
      test.similarities.push_back({score.similarity, right, speaker});
      test.probabilities.push_back({calibration.probability(score), right, speaker});
      test.letters_per_second.push_back(
          {-std::abs(letters_per_second(text, heard[i].seconds) - usual), right, speaker});
      test.other_audio.push_back({lay(model, text, heard[third].scores).score.similarity, right, speaker});
      test.shuffled_frames.push_back({lay(model, text, disordered).score.similarity, right, speaker});
      test.shuffled_letters.push_back(
          {lay(model, letters_in_another_order(text, i), heard[i].scores).score.similarity, right, speaker});
    }
  }
  return test;
}

}  // namespace wav2vec
