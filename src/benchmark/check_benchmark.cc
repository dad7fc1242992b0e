#include "wav2vec/benchmark/check_benchmark.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "wav2vec/benchmark/speech_track.h"
#include "wav2vec/benchmark/text_nulls.h"
#include "wav2vec/core/rng.h"
#include "wav2vec/head/ctc_fit.h"
#include "wav2vec/text/token_set.h"

namespace wav2vec {
namespace {

// Shorter cues have too few letters to be judged.
constexpr double kLeastSeconds = 2.0;
// Where CTC has no path.
constexpr double kNoPath = -1e3;

std::vector<int> letters_of(const std::string& text, const TokenReader& reader) {
  return usual_tokens(reader.read(text));
}

int64_t count_of(std::span<const int> letters) {
  return std::ssize(letters) - std::ranges::count(letters, kGapToken);
}

/// What the nulls need to know of a programme.
struct Nulls {
  SpeechTrack track;
  LetterTrigrams trigrams;
  double usual_letters_per_second = 0.0;
  RecordingScores shuffled = {};
};

Nulls nulls_of(const HeardProgramme& programme, const BenchmarkHead& head, const TokenReader& reader) {
  Nulls nulls{.track = speech_track(programme.scores.powers, head.frame_times.hop_seconds),
              .trigrams = LetterTrigrams(token_count(reader.kind())),
              .shuffled = {}};
  int64_t letters = 0;
  double seconds = 0.0;
  for (const CheckedText& cue : programme.cues) {
    const std::vector<int> read = letters_of(cue.text, reader);
    nulls.trigrams.add(read);
    letters += count_of(read);
    seconds += cue.end_seconds - cue.start_seconds;
  }
  for (const std::string& text : programme.texts.others) nulls.trigrams.add(letters_of(text, reader));
  nulls.usual_letters_per_second = static_cast<double>(letters) / std::max(seconds, 1.0);
  nulls.shuffled = shuffled_audio(programme.scores, head.frame_times, programme.seed);
  return nulls;
}

CtcPosteriors posteriors_in(const RecordingScores& scores, const FrameTimes& times, const TimeSpan& span) {
  const int64_t first = std::clamp<int64_t>(times.frame_at(span.start_seconds), 0, scores.frames);
  const int64_t end = std::clamp<int64_t>(times.frame_at(span.end_seconds), first, scores.frames);
  return {scores.letters.data() + first * scores.tokens, end - first, scores.tokens};
}

/// Whether single texts of it are wrong and all else is right, so that cues can be judged by themselves.
bool has_wrong_texts(const CorruptedSubtitle& subtitle) {
  const auto wrong = [](const CueTruth& truth) {
    return truth.text == TextTruth::not_spoken || truth.text == TextTruth::changed;
  };
  return subtitle.expected == FileState::ok && std::ranges::any_of(subtitle.truth, wrong);
}

bool is_beyond(const CorruptedSubtitle& subtitle, double search_seconds) {
  return std::ranges::any_of(subtitle.segments, [&](const TrueSegment& segment) {
    return segment.slope == 1.0 && std::abs(segment.offset_seconds) > search_seconds;
  });
}

KindResult& kind_of(CheckBenchmark& benchmark, const CorruptedSubtitle& subtitle) {
  const auto found = std::ranges::find(benchmark.kinds, subtitle.name, &KindResult::name);
  if (found != benchmark.kinds.end()) return *found;
  KindResult kind;
  kind.kind = subtitle.kind;
  kind.name = subtitle.name;
  return benchmark.kinds.emplace_back(std::move(kind));
}

/// Scores of all texts but check's own and that with other audio.
void add_nulls(JudgedText& judged, const CheckedText& cue, const HeardProgramme& programme,
               const BenchmarkHead& head, const Nulls& nulls, const TokenReader& reader) {
  const std::vector<int> letters = letters_of(cue.text, reader);
  const TimeSpan span{cue.start_seconds, cue.end_seconds};
  const auto set = [&](TextScorer scorer, double score) {
    judged.scores[static_cast<size_t>(scorer)] = score;
  };
  set(TextScorer::ctc,
      ctc_mean_log_probability(letters, posteriors_in(programme.scores, head.frame_times, span))
          .value_or(kNoPath));
  set(TextScorer::rate,
      rate_score(count_of(letters), span.end_seconds - span.start_seconds, nulls.usual_letters_per_second));
  set(TextScorer::text_alone, nulls.trigrams.mean_log_probability(letters));
  set(TextScorer::speech, loud_share(nulls.track, span));
}

void judge_texts(KindResult& kind, const CorruptedSubtitle& subtitle, const CheckResult& result,
                 const HeardProgramme& programme, const BenchmarkHead& head, const Nulls& nulls,
                 const TokenReader& reader, const CheckOptions& options) {
  const bool wrong_texts = has_wrong_texts(subtitle);
  std::optional<CheckResult> shuffled;
  if (wrong_texts) {
    kind.has_nulls = true;
    shuffled =
        check_subtitle(nulls.shuffled, head.frame_times, head.letter_sounds, subtitle.cues, reader, options);
  }
  for (size_t i = 0; i < subtitle.cues.size(); ++i) {
    const CheckedText& cue = subtitle.cues[i];
    const CheckedCue& checked = result.cues[i];
    const bool counts = checked.letters > 0 && cue.end_seconds - cue.start_seconds >= kLeastSeconds &&
                        subtitle.truth[i].text != TextTruth::unjudged;
    if (!counts) continue;
    JudgedText judged{.programme = programme.name,
                      .truth = subtitle.truth[i].text,
                      .touched = subtitle.truth[i].touched,
                      .band = checked.band};
    judged.scores[static_cast<size_t>(TextScorer::check)] = checked.p_match;
    if (wrong_texts) {
      add_nulls(judged, cue, programme, head, nulls, reader);
      judged.scores[static_cast<size_t>(TextScorer::other_audio)] = shuffled->cues[i].p_match;
    }
    kind.texts.push_back(std::move(judged));
  }
}

void measure_times(KindResult& kind, const CorruptedSubtitle& subtitle, const CheckResult& result,
                   const HeardProgramme& programme, const SpeechTrack& track, const CheckOptions& options) {
  const std::vector<size_t> order = order_of_times(subtitle.cues);
  std::vector<TimeSpan> spans;
  for (const size_t i : order)
    spans.push_back({subtitle.cues[i].start_seconds, subtitle.cues[i].end_seconds});
  const ReferenceSyncOptions reference{.search_seconds = options.widest_search_seconds};
  const auto note = [&](Synchroniser synchroniser, const RetimedSubtitle& retimed) {
    add_score(kind.times[static_cast<size_t>(synchroniser)][programme.name], subtitle, retimed);
  };
  note(Synchroniser::check, retimed(subtitle.cues, result));
  note(Synchroniser::correlation, retimed(subtitle.cues, order, correlation_sync(track, spans, reference)));
  note(Synchroniser::split, retimed(subtitle.cues, order, split_sync(track, spans, reference)));
}

}  // namespace

RecordingScores shuffled_audio(const RecordingScores& scores, const FrameTimes& frame_times, uint64_t seed) {
  const RandomStream random(seed, RandomUse::programme, {6});
  const auto block = static_cast<int64_t>(std::max(1.0, 1.0 / frame_times.hop_seconds));
  // What is left behind the last whole second stays there.
  const int64_t blocks = scores.frames / block;
  std::vector<int64_t> order(static_cast<size_t>(blocks));
  std::iota(order.begin(), order.end(), int64_t{0});
  for (size_t left = order.size(); left > 1; --left)
    std::swap(order[random.below(left, left)], order[left - 1]);
  RecordingScores out = scores;
  for (int64_t b = 0; b < blocks; ++b) {
    const int64_t from = order[static_cast<size_t>(b)] * block;
    std::copy_n(scores.heard.begin() + from * scores.sounds, block * scores.sounds,
                out.heard.begin() + b * block * scores.sounds);
    if (!scores.pauses.empty())
      std::copy_n(scores.pauses.begin() + from, block, out.pauses.begin() + b * block);
  }
  return out;
}

void measure_programme(CheckBenchmark& benchmark, const HeardProgramme& programme, const BenchmarkHead& head,
                       const TokenReader& reader, const CheckBenchmarkOptions& options) {
  ++benchmark.programmes;
  benchmark.audio_seconds += programme.seconds;
  const Nulls nulls = nulls_of(programme, head, reader);
  std::vector<CorruptedSubtitle> subtitles =
      corrupted_subtitles(programme.cues, programme.texts, programme.seed);
  std::erase_if(subtitles, [&](const CorruptedSubtitle& subtitle) {
    return !options.kinds.empty() && std::ranges::find(options.kinds, subtitle.kind) == options.kinds.end();
  });
  for (size_t n = 0; n < subtitles.size(); ++n) {
    if (!options.progress(static_cast<int64_t>(n), std::ssize(subtitles))) return;
    const CorruptedSubtitle& subtitle = subtitles[n];
    const CheckResult result = check_subtitle(programme.scores, head.frame_times, head.letter_sounds,
                                              subtitle.cues, reader, options.check);
    KindResult& kind = kind_of(benchmark, subtitle);
    ++kind.files;
    kind.expected = subtitle.expected;
    kind.beyond_search = is_beyond(subtitle, options.check.widest_search_seconds);
    kind.right_states += result.state == subtitle.expected ? 1 : 0;
    kind.unsure += result.state == FileState::unsure ? 1 : 0;
    kind.audio_seconds += programme.seconds;
    measure_times(kind, subtitle, result, programme, nulls.track, options.check);
    if (subtitle.expected == FileState::ok)
      judge_texts(kind, subtitle, result, programme, head, nulls, reader, options.check);
  }
}

}  // namespace wav2vec
