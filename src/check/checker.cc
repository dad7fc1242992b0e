#include "wav2vec/check/checker.h"

#include <algorithm>
#include <cmath>

#include "check/rolling_text.h"
#include "wav2vec/align/chain_path.h"
#include "wav2vec/align/local_fit.h"
#include "wav2vec/check/text_match.h"
#include "wav2vec/check/uncovered_speech.h"
#include "wav2vec/measure/quantile.h"
#include "wav2vec/text/token_set.h"

namespace wav2vec {
namespace {

constexpr int64_t kPeaks = 9;
constexpr size_t kPlaces = 4;
// Neighbouring frames say the same.
constexpr double kAlikeFrames = 6.0;
constexpr double kApartSeconds = 0.5;
// Shorter texts fit by chance: they are judged where the others say that they are, but have no vote.
constexpr int64_t kFewestLetters = 10;
// A cue that begins or ends otherwise than its speech by this is worth a word.
constexpr double kEdgeSeconds = 0.7;
// Nobody says more than this a second, and more cannot be told apart.
constexpr double kMostLettersPerSecond = 35.0;
// That the texts are this recording's, or another's, must be so probable.
constexpr double kSureOfContent = 0.8;
constexpr int64_t kFewestCues = 4;
// Where two segments meet is looked for among so many cues on either side, whose speech may lie this far from
// their times.
constexpr int64_t kCutReachCues = 5;
constexpr double kCutWindowSeconds = 0.7;
constexpr int64_t kCutPlaces = 4;
constexpr int64_t kCutApartFrames = 5;
// By which cues begin earlier or later than what they say, at least.
constexpr double kLeastDeviationSeconds = 0.15;
// A cue with less speech than this has none.
constexpr double kSilentShare = 0.1;
constexpr size_t kImpostors = 600;
// A subtitle whose texts are heard later or earlier than this by their median is not right.
constexpr double kMostBiasSeconds = 0.4;
constexpr int64_t kScannedCues = 40;
constexpr double kLeastScannedShare = 0.6;
// What a text counts that is looked for outside of the audio: about what it gets by chance.
constexpr double kUnheard = -0.5;
// With less speech than this nothing can be said of texts: the microphone was off, or it is the wrong track.
constexpr double kLeastSpeechShare = 0.005;
constexpr float kLeastAudiblePower = 1e-7F;  // -70 dB of full scale
// Nobody says more between two changes of the picture; the search for longer texts would take minutes.
constexpr int64_t kMostLetters = 2000;
constexpr size_t kMostTextBytes = 65536;
// The similarity of a text that has no room where it should be.
constexpr double kNowhere = -100.0;

struct ReadCue {
  std::vector<int> tokens;
  std::vector<float> meant;
  std::vector<ChainState> chain;
  int64_t letters = 0;
  double scorable_share = 0.0;
};

ReadCue read_cue(std::string_view text, const TokenReader& reader, const LetterSounds& letter_sounds) {
  ReadCue read;
  if (text.size() > kMostTextBytes) return read;
  const TokenText reading = reader.read(text);
  read.scorable_share = reading.scorable_share;
  // Silence before and behind belongs to nobody.
  read.tokens = usual_tokens(reading);
  if (read.tokens.empty()) return read;
  read.letters = std::ssize(read.tokens) - std::ranges::count(read.tokens, kGapToken);
  if (read.letters > kMostLetters) {
    read.tokens.clear();
    read.letters = 0;
    return read;
  }
  read.meant = letter_sounds(read.tokens);
  read.chain = chain_of(read.tokens);
  return read;
}

class Recording {
 public:
  Recording(const RecordingScores& scores, const FrameTimes& times) : scores_(scores), times_(times) {}

  struct Window {
    int64_t first = 0;
    int64_t end = 0;
    int64_t frames() const { return end - first; }
  };
  Window window(double start_seconds, double end_seconds) const {
    return {std::clamp<int64_t>(times_.frame_at(start_seconds), 0, scores_.frames),
            std::clamp<int64_t>(times_.frame_at(end_seconds), 0, scores_.frames)};
  }
  Similarity with(const ReadCue& cue, const Window& window) const {
    return {scores_.heard.data() + window.first * scores_.sounds, cue.meant.data(),
            std::max<int64_t>(window.frames(), 0), std::ssize(cue.tokens), scores_.sounds};
  }
  double seconds(int64_t frame) const { return times_.center(frame) - 0.5 * times_.hop_seconds; }
  double hop_seconds() const { return times_.hop_seconds; }
  double speech_share(const TimeSpan& span) const {
    return wav2vec::speech_share(scores_.pauses, times_, span);
  }
  /// Of all of it; none where even the loudest frame cannot be heard, whatever the network makes of that.
  double speech_share() const {
    const bool silent =
        !scores_.powers.empty() && *std::ranges::max_element(scores_.powers) < kLeastAudiblePower;
    return silent ? 0.0 : speech_share({0.0, end_seconds()});
  }
  std::vector<TimeSpan> uncovered_by(std::span<const TimeSpan> cues) const {
    return uncovered_speech(scores_.pauses, times_, cues);
  }
  double end_seconds() const { return seconds(scores_.frames); }

 private:
  const RecordingScores& scores_;
  FrameTimes times_;
};

CueEvidence evidence_of(const CheckedText& cue, const ReadCue& read, const Recording& recording,
                        double search_seconds) {
  CueEvidence evidence{.start_seconds = cue.start_seconds, .end_seconds = cue.end_seconds, .places = {}};
  if (read.letters < kFewestLetters) return evidence;
  const auto window = recording.window(cue.start_seconds - search_seconds, cue.end_seconds + search_seconds);
  if (window.frames() <= 0) return evidence;
  const auto apart = static_cast<int64_t>(kApartSeconds / recording.hop_seconds());
  const std::vector<LocalFit> fits =
      local_fits(recording.with(read, window), read.chain, {.count = kPeaks, .apart_frames = apart});
  // What the text gets by chance: the middle of the lesser peaks.
  if (fits.size() < 3) return evidence;
  const double chance = fits[(fits.size() + 1) / 2].nats;
  for (size_t k = 0; k < std::min(fits.size(), kPlaces); ++k) {
    evidence.places.push_back({recording.seconds(window.first + fits[k].first_frame),
                               recording.seconds(window.first + fits[k].end_frame),
                               (fits[k].nats - chance) / kAlikeFrames});
  }
  return evidence;
}

struct ScoredPlace {
  FoundPlace place;
  MatchScore score;
};

/// The best place of a text within a window.
std::optional<ScoredPlace> best_place(const ReadCue& read, const Recording& recording,
                                      const Recording::Window& window) {
  if (window.frames() <= 0) return std::nullopt;
  const std::vector<LocalFit> fits = local_fits(recording.with(read, window), read.chain);
  if (fits.empty()) return std::nullopt;
  const Recording::Window there{window.first + fits[0].first_frame, window.first + fits[0].end_frame};
  const Similarity similarity = recording.with(read, there);
  const std::vector<int64_t> path = best_chain_path(similarity, read.chain);
  if (path.empty()) return std::nullopt;
  const MatchScore score =
      match_score(letter_similarities(similarity, read.chain, path), read.tokens, 0, std::ssize(read.tokens));
  return ScoredPlace{{recording.seconds(there.first), recording.seconds(there.end)}, score};
}

/// Texts of about as many letters at places where another cue is and they are not, kImpostors at most.
std::vector<MatchScore> impostor_scores(std::span<const ReadCue> read,
                                        std::span<const Recording::Window> windows,
                                        const Recording& recording) {
  std::vector<size_t> by_length;
  for (size_t i = 0; i < read.size(); ++i) {
    if (read[i].letters > 0) by_length.push_back(i);
  }
  std::ranges::stable_sort(by_length, {}, [&](size_t i) { return read[i].letters; });
  struct Pair {
    size_t text;
    size_t place;
  };
  std::vector<Pair> pairs;
  for (size_t step = 1; step < by_length.size() && pairs.size() < kImpostors; ++step) {
    for (size_t k = 0; k + step < by_length.size() && pairs.size() < kImpostors; ++k) {
      const size_t a = by_length[k];
      const size_t b = by_length[k + step];
      const bool apart = windows[a].end <= windows[b].first || windows[b].end <= windows[a].first;
      if (!apart || read[a].tokens == read[b].tokens) continue;
      pairs.push_back({a, b});
      pairs.push_back({b, a});
    }
  }
  std::vector<std::optional<ScoredPlace>> places(pairs.size());
#pragma omp parallel for schedule(dynamic)
  for (size_t k = 0; k < pairs.size(); ++k)
    places[k] = best_place(read[pairs[k].text], recording, windows[pairs[k].place]);
  std::vector<MatchScore> scores;
  for (const std::optional<ScoredPlace>& place : places) {
    if (place) scores.push_back(place->score);
  }
  return scores;
}

const TimingSegment& segment_of(const TimingModel& timing, int64_t cue) {
  const auto at =
      std::ranges::find_if(timing.segments, [&](const TimingSegment& s) { return cue < s.end_cue; });
  return at == timing.segments.end() ? timing.segments.back() : *at;
}

/// Moves the places where two segments meet to where the texts on both sides, the short ones too, are heard
/// best. `order`: of the cues by time, as the segments count them.
void place_cuts(TimingModel& timing, std::span<const size_t> order, std::span<const CheckedText> cues,
                std::span<const ReadCue> read, const Recording& recording) {
  const auto heard = [&](int64_t k, const TimingSegment& segment) {
    const size_t i = order[static_cast<size_t>(k)];
    if (read[i].letters == 0) return 0.0;
    const double start = segment.map(cues[i].start_seconds);
    const auto window =
        recording.window(start - kCutWindowSeconds, segment.map(cues[i].end_seconds) + kCutWindowSeconds);
    if (window.frames() <= 0) return 0.0;
    // A short text is heard in many places, but less often just where its cue begins.
    const double deviation = std::max(segment.spread_seconds, kLeastDeviationSeconds);
    double most = 0.0;
    for (const LocalFit& fit : local_fits(recording.with(read[i], window), read[i].chain,
                                          {.count = kCutPlaces, .apart_frames = kCutApartFrames})) {
      const double distance = (recording.seconds(window.first + fit.first_frame) - start) / deviation;
      most = std::max(most, fit.nats / kAlikeFrames - 0.5 * distance * distance);
    }
    return most;
  };
  for (size_t s = 0; s + 1 < timing.segments.size(); ++s) {
    TimingSegment& before = timing.segments[s];
    TimingSegment& behind = timing.segments[s + 1];
    const int64_t first = std::max(before.end_cue - kCutReachCues, before.first_cue + 1);
    const int64_t last = std::min(before.end_cue + kCutReachCues, behind.end_cue - 1);
    double won = 0.0;
    double most = 0.0;
    int64_t best = first;
    for (int64_t k = first; k < last; ++k) {
      won += heard(k, before) - heard(k, behind);
      if (won <= most) continue;
      most = won;
      best = k + 1;
    }
    before.end_cue = behind.first_cue = best;
  }
}

bool is_out_of_range(const CheckedCue& cue) {
  return std::ranges::find(cue.reasons, CueReason::out_of_range) != cue.reasons.end();
}

void judge(CheckedCue& checked, const CheckedText& cue, const ReadCue& read, const Recording& recording,
           const CheckOptions& options) {
  // What the audio does not hold cannot be heard.
  if (is_out_of_range(checked)) return;
  if (read.letters == 0) {
    checked.reasons.push_back(CueReason::unscorable_text);
    return;
  }
  const double seconds = cue.end_seconds - cue.start_seconds;
  if (static_cast<double>(read.letters) > kMostLettersPerSecond * std::max(seconds, 0.01) + 10.0)
    checked.reasons.push_back(CueReason::cannot_fit);
  checked.band = checked.p_match >= options.review_probability  ? CueBand::ok
                 : checked.p_match >= options.least_probability ? CueBand::review
                                                                : CueBand::wrong;
  if (checked.band == CueBand::wrong) {
    const TimeSpan expected{checked.suggested_start_seconds, checked.suggested_end_seconds};
    const bool silent = recording.speech_share(expected) < kSilentShare;
    checked.reasons.push_back(silent ? CueReason::no_speech : CueReason::text_not_in_audio);
    return;
  }
  if (!checked.best_fit) return;
  const FoundPlace& found = *checked.best_fit;
  if (found.start_seconds < checked.suggested_start_seconds - kEdgeSeconds)
    checked.reasons.push_back(CueReason::late);
  if (found.start_seconds > checked.suggested_start_seconds + kEdgeSeconds)
    checked.reasons.push_back(CueReason::early);
  if (found.end_seconds > checked.suggested_end_seconds + kEdgeSeconds)
    checked.reasons.push_back(CueReason::too_short);
}

/// How sure a timing is: by the share of the cues that have a vote which are heard there, and, where times
/// change, by its odds against leaving them.
/// `heard`: of them where the timing has them, in the end.
double surety_of(const TimingModel& timing, int64_t heard) {
  const auto logistic = [](double x) { return 1.0 / (1.0 + std::exp(-x)); };
  const double share = static_cast<double>(std::max(timing.support, heard)) /
                       static_cast<double>(std::max<int64_t>(timing.scored_cues, 1));
  return logistic(12.0 * (share - 0.4)) * (timing.identity ? 1.0 : logistic(timing.log_odds / 10.0));
}

FileState state_of(const CheckResult& result, const TextMatch& match, double speech_share) {
  if (speech_share < kLeastSpeechShare) return FileState::unsure;
  if (result.scored < kFewestCues) return FileState::unsure;
  if (match.probably_other > kSureOfContent) return FileState::wrong_content;
  if (match.probably_own < kSureOfContent || result.timing.at_search_edge) return FileState::unsure;
  if (result.timing.identity) return FileState::ok;
  if (result.timing.segments.size() > 1) return FileState::cut;
  return result.timing.segments[0].slope == 1.0 ? FileState::offset : FileState::drift;
}

/// What is checked, and against what.
struct Case {
  const Recording& recording;
  std::span<const CheckedText> cues;
  std::span<const ReadCue> read;
  std::span<const size_t> order;  ///< of the cues, by time
  const CheckOptions& options;
};

/// What the cues agree on that were looked for within some seconds. nullopt where progress() says stop.
std::optional<TimingModel> timing_within(double search_seconds, const Case& given) {
  const CheckOptions& options = given.options;
  const std::span<const size_t> order = given.order;
  TimingOptions timing_options = options.timing;
  timing_options.search_seconds = search_seconds;
  std::vector<CueEvidence> evidence(order.size());
  constexpr size_t kAtOnce = 64;
  for (size_t first = 0; first < order.size(); first += kAtOnce) {
    if (!options.progress(static_cast<int64_t>(first))) return std::nullopt;
    const size_t end = std::min(first + kAtOnce, order.size());
#pragma omp parallel for schedule(dynamic)
    for (size_t k = first; k < end; ++k)
      evidence[k] = evidence_of(given.cues[order[k]], given.read[order[k]], given.recording, search_seconds);
  }
  TimingModel timing = fit_timing(evidence, timing_options);
  place_cuts(timing, order, given.cues, given.read, given.recording);
  return timing;
}

/// Every cue where a timing has it, and what that says of the file.
CheckResult judged(const TimingModel& timing_model, const Case& given) {
  const Recording& recording = given.recording;
  const std::span<const CheckedText> cues = given.cues;
  const std::span<const ReadCue> read = given.read;
  const std::span<const size_t> order = given.order;
  const CheckOptions& options = given.options;
  CheckResult result;
  result.timing = timing_model;
  result.cues.resize(cues.size());
  std::vector<Recording::Window> windows(cues.size());
  std::vector<MatchScore> match_scores(cues.size());
#pragma omp parallel for schedule(dynamic)
  for (size_t k = 0; k < order.size(); ++k) {
    const size_t i = order[k];
    const TimingSegment& segment = segment_of(result.timing, static_cast<int64_t>(k));
    CheckedCue& checked = result.cues[i];
    checked.scorable_share = read[i].scorable_share;
    checked.letters = read[i].letters;
    checked.suggested_start_seconds =
        result.timing.identity ? cues[i].start_seconds : segment.map(cues[i].start_seconds);
    checked.suggested_end_seconds =
        result.timing.identity ? cues[i].end_seconds : segment.map(cues[i].end_seconds);
    windows[i] = recording.window(checked.suggested_start_seconds - options.window_seconds,
                                  checked.suggested_end_seconds + options.window_seconds);
    const bool beyond =
        checked.suggested_start_seconds >= recording.end_seconds() || checked.suggested_end_seconds <= 0.0;
    if (beyond) {
      checked.reasons.push_back(CueReason::out_of_range);
    } else if (const auto found =
                   read[i].letters > 0 ? best_place(read[i], recording, windows[i]) : std::nullopt) {
      checked.best_fit = found->place;
      match_scores[i] = found->score;
    } else {
      match_scores[i] = {kNowhere, read[i].letters};
    }
  }

  const TextMatch match = match_texts(match_scores, fit_chance(impostor_scores(read, windows, recording)));
  result.share = match.share;
  std::vector<double> offsets;
  int64_t heard = 0;
  for (size_t i = 0; i < cues.size(); ++i) {
    CheckedCue& checked = result.cues[i];
    checked.p_match = checked.best_fit ? match.probabilities[i] : 0.0;
    if (checked.best_fit) checked.best_fit->probability = checked.p_match;
    // A cue behind the end of the audio says nothing of whether its texts are another's.
    if (read[i].letters >= kFewestLetters && !is_out_of_range(checked)) ++result.scored;
    judge(checked, cues[i], read[i], recording, options);
    ++result.bands[static_cast<size_t>(checked.band)];
    if (checked.letters < kFewestLetters || !checked.best_fit || checked.p_match < options.least_probability)
      continue;
    offsets.push_back(checked.best_fit->start_seconds - checked.suggested_start_seconds);
    heard += std::abs(offsets.back()) <= options.timing.tolerance_seconds ? 1 : 0;
  }
  if (!offsets.empty()) {
    std::ranges::sort(offsets);
    result.median_offset_seconds = quantile(offsets, 0.5);
    // Of the order of n values, the binomial quantiles.
    const double half = 0.98 / std::sqrt(static_cast<double>(offsets.size()));
    result.offset_low_seconds = quantile(offsets, std::max(0.5 - half, 0.0));
    result.offset_high_seconds = quantile(offsets, std::min(0.5 + half, 1.0));
  }
  result.state = state_of(result, match, recording.speech_share());
  if (result.state == FileState::wrong_content) {
    // What another programme's cues agree on is chance.
    result.timing.identity = true;
    result.timing.segments = {{.end_cue = std::ssize(cues), .ratio = {}}};
    for (size_t i = 0; i < cues.size(); ++i) {
      result.cues[i].suggested_start_seconds = cues[i].start_seconds;
      result.cues[i].suggested_end_seconds = cues[i].end_seconds;
    }
  }
  std::vector<TimeSpan> covered;
  for (const CheckedCue& cue : result.cues)
    covered.push_back({cue.suggested_start_seconds, cue.suggested_end_seconds});
  result.uncovered = recording.uncovered_by(covered);
  // How surely it is this state and none of the others.
  const double timing = surety_of(result.timing, heard);
  result.probability = result.state == FileState::wrong_content ? match.probably_other
                       : result.state == FileState::unsure      ? 0.0
                                                                : timing * match.probably_own;
  return result;
}

bool is_lost(const CheckResult& result) {
  return result.state == FileState::unsure || result.state == FileState::wrong_content;
}

int64_t found_cues(const CheckResult& result) { return result.bands[static_cast<size_t>(CueBand::ok)]; }

int64_t voters(const Case& given) {
  return std::ranges::count_if(given.read, [](const ReadCue& cue) { return cue.letters >= kFewestLetters; });
}

/// Its timing of one segment, moved by what texts are heard behind it.
TimingModel moved_by_bias(const CheckResult& result) {
  TimingModel moved = result.timing;
  moved.identity = false;
  TimingSegment& segment = moved.segments.front();
  segment.offset_low_seconds = segment.offset_seconds + result.offset_low_seconds;
  segment.offset_high_seconds = segment.offset_seconds + result.offset_high_seconds;
  segment.offset_seconds += result.median_offset_seconds;
  return moved;
}

/// Texts that are heard, but all of them earlier or later than the timing has them, move it; where that does
/// not help, nothing is sure.
CheckResult without_bias(CheckResult result, const Case& given) {
  const auto biased = [](const CheckResult& r) {
    return !is_lost(r) && r.timing.segments.size() == 1 &&
           (r.offset_low_seconds > kMostBiasSeconds || r.offset_high_seconds < -kMostBiasSeconds);
  };
  constexpr int kRounds = 3;
  for (int round = 0; round < kRounds && biased(result); ++round) {
    CheckResult next = judged(moved_by_bias(result), given);
    const bool better =
        !is_lost(next) && std::abs(next.median_offset_seconds) < std::abs(result.median_offset_seconds);
    if (!better) break;
    result = std::move(next);
  }
  if (biased(result)) {
    result.state = FileState::unsure;
    result.probability = 0.0;
  }
  return result;
}

/// The offset at which the texts score best, whatever else they resemble.
double scanned_offset(double search_seconds, const Case& given) {
  std::vector<size_t> asked;
  const int64_t every = std::max<int64_t>(1, voters(given) / kScannedCues);
  for (int64_t n = 0; const size_t i : given.order) {
    if (given.read[i].letters >= kFewestLetters && n++ % every == 0) asked.push_back(i);
  }
  const double reach = given.options.window_seconds;
  const auto steps = static_cast<int64_t>(search_seconds / reach);
  std::vector<double> means(static_cast<size_t>(2 * steps + 1), kNowhere);
#pragma omp parallel for schedule(dynamic)
  for (size_t k = 0; k < means.size(); ++k) {
    const double offset = (static_cast<double>(k) - static_cast<double>(steps)) * reach;
    double sum = 0.0;
    for (const size_t i : asked) {
      const CheckedText& cue = given.cues[i];
      const auto found = best_place(
          given.read[i], given.recording,
          given.recording.window(cue.start_seconds + offset - reach, cue.end_seconds + offset + reach));
      // Half of the cues may lie outside of the audio.
      sum += found ? found->score.similarity : kUnheard;
    }
    means[k] = sum / static_cast<double>(std::max<size_t>(asked.size(), 1));
  }
  const auto best = std::ranges::max_element(means) - means.begin();
  return (static_cast<double>(best) - static_cast<double>(steps)) * reach;
}

}  // namespace

std::vector<size_t> order_of_times(std::span<const CheckedText> cues) {
  std::vector<size_t> order(cues.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, {}, [&](size_t i) { return cues[i].start_seconds; });
  return order;
}

CheckResult check_subtitle(const RecordingScores& scores, const FrameTimes& frame_times,
                           const LetterSounds& letter_sounds, std::span<const CheckedText> cues,
                           const TokenReader& reader, const CheckOptions& options) {
  const Recording recording(scores, frame_times);
  std::vector<ReadCue> read(cues.size());
  std::string_view before;
  const std::vector<size_t> order = order_of_times(cues);
  for (const size_t i : order) {
    read[i] = read_cue(new_lines(before, cues[i].text), reader, letter_sounds);
    before = cues[i].text;
  }
  const Case given{recording, cues, read, order, options};
  CheckResult stopped;
  stopped.cues.resize(cues.size());
  const double near = std::min(options.timing.search_seconds, options.widest_search_seconds);
  const std::optional<TimingModel> near_timing = timing_within(near, given);
  if (!near_timing) return stopped;
  CheckResult result = without_bias(judged(*near_timing, given), given);
  if (voters(given) < kFewestCues) return result;
  // Windows are wide only where narrow ones show nothing, or leave cues outside of the audio: chance finds
  // more in them.
  const bool narrow =
      is_lost(result) || 10 * std::ranges::count_if(result.cues, is_out_of_range) > std::ssize(cues);
  if (narrow && near < options.widest_search_seconds) {
    const std::optional<TimingModel> wide_timing = timing_within(options.widest_search_seconds, given);
    if (!wide_timing) return stopped;
    CheckResult wide = without_bias(judged(*wide_timing, given), given);
    if (!is_lost(wide) && (is_lost(result) || found_cues(wide) >= found_cues(result) + kFewestCues))
      return wide;
  }
  if (!is_lost(result)) return result;
  // In speech that is hard to recognise single texts are not found, but all of them together are.
  TimingModel timing{.segments = {{.end_cue = std::ssize(cues), .ratio = {}}}, .identity = false};
  timing.segments[0].offset_seconds = scanned_offset(near, given);
  timing.scored_cues = result.timing.scored_cues;
  // The scan is coarse: where texts are heard says the rest.
  CheckResult scanned = without_bias(judged(moved_by_bias(judged(timing, given)), given), given);
  const bool moves = std::abs(scanned.timing.segments[0].offset_seconds) > kMostBiasSeconds;
  return moves && !is_lost(scanned) && scanned.share >= kLeastScannedShare ? scanned : result;
}

}  // namespace wav2vec
