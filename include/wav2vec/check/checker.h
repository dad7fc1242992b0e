#pragma once
// Are the cues of a subtitle spoken, and when? Cue times are a prior: each text is looked for around its
// time, and what all of them say together tells whether the file is shifted, drifts or was cut.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wav2vec/align/match_score.h"
#include "wav2vec/check/timing_model.h"
#include "wav2vec/head/text_aligner.h"

namespace wav2vec {

struct CheckedText {
  double start_seconds = 0.0;
  double end_seconds = 0.0;
  std::string text;  ///< UTF-8 with its marks
};

enum class FileState { ok, offset, drift, cut, wrong_content, wrong_language, unsure };
inline constexpr std::string_view kFileStateNames[] = {
    "ok", "offset", "drift", "cut", "wrong_content", "wrong_language", "unsure"};

/// Whether the times of such a file are to be changed.
constexpr bool moves_times(FileState state) {
  return state == FileState::offset || state == FileState::drift || state == FileState::cut;
}

enum class CueBand { ok, review, wrong, not_scored };
inline constexpr std::string_view kCueBandNames[] = {"ok", "review", "wrong", "not_scored"};

/// Why a cue is not simply right; docs/check.md says what each means.
enum class CueReason {
  text_not_in_audio,
  no_speech,
  late,
  early,
  too_short,
  cannot_fit,
  unscorable_text,
  out_of_range,
};
inline constexpr std::string_view kCueReasonNames[] = {
    "text_not_in_audio", "no_speech",       "late",        "early", "too_short",
    "cannot_fit",        "unscorable_text", "out_of_range"};

struct FoundPlace {
  double start_seconds = 0.0;
  double end_seconds = 0.0;
  double probability = 0.0;
};

struct CheckedCue {
  CueBand band = CueBand::not_scored;
  double p_match = 0.0;  ///< that the text is spoken where the timing model expects the cue
  double scorable_share = 0.0;
  int64_t letters = 0;
  std::vector<CueReason> reasons;
  std::optional<FoundPlace> best_fit;  ///< where the text fits best there
  /// The cue's times on the timing model; those of the subtitle where nothing is to be changed.
  double suggested_start_seconds = 0.0;
  double suggested_end_seconds = 0.0;
};

struct CheckResult {
  FileState state = FileState::unsure;
  double probability = 0.0;  ///< of the state
  TimingModel timing;
  std::vector<CheckedCue> cues;
  double share = 0.0;  ///< of the cues whose texts are spoken where the timing model has them
  int64_t scored = 0;
  int64_t bands[std::size(kCueBandNames)] = {};
  double median_offset_seconds = 0.0;  ///< of speech behind its cue, on the timing model
  double offset_low_seconds = 0.0;     ///< 95 % interval of the median
  double offset_high_seconds = 0.0;
  std::vector<TimeSpan> uncovered;  ///< speech that no cue stands for, with the cues on the timing model
};

struct CheckOptions {
  TimingOptions timing = {};
  /// What cannot be told, or is not heard, within timing.search_seconds is looked for within this.
  double widest_search_seconds = 300.0;
  double window_seconds = 1.5;  ///< around the place that the timing model expects
  double least_probability = 0.5;
  double review_probability = 0.9;
  /// False stops: what is returned then is not finished.
  std::function<bool(int64_t cues_done)> progress = [](int64_t) { return true; };
};

/// Places of the cues in the order of their start times, as segments count them; ties as in the file.
std::vector<size_t> order_of_times(std::span<const CheckedText> cues);

CheckResult check_subtitle(const RecordingScores& scores, const FrameTimes& frame_times,
                           const LetterSounds& letter_sounds, std::span<const CheckedText> cues,
                           const TokenReader& reader, const CheckOptions& options = {});

}  // namespace wav2vec
