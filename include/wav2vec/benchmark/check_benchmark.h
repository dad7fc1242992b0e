#pragma once
// Check, and what it is compared with, on the corrupted subtitles of programmes whose truth is known.

#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wav2vec/benchmark/time_scores.h"
#include "wav2vec/check/checker.h"
#include "wav2vec/check/corruption.h"
#include "wav2vec/text/token_reader.h"

namespace wav2vec {

/// Who puts cues at other times.
enum class Synchroniser { check, correlation, split };
inline constexpr std::string_view kSynchroniserNames[] = {"check", "correlation", "split"};
inline constexpr size_t kSynchronisers = std::size(kSynchroniserNames);

/// Who says whether a text is spoken in its cue.
enum class TextScorer { check, ctc, rate, text_alone, speech, other_audio };
inline constexpr std::string_view kTextScorerNames[] = {"check",      "ctc",    "rate",
                                                        "text_alone", "speech", "other_audio"};
inline constexpr size_t kTextScorers = std::size(kTextScorerNames);

/// A cue of 2 s and more with letters, of a subtitle whose times are right.
struct JudgedText {
  std::string programme;
  TextTruth truth = TextTruth::spoken;
  bool touched = false;
  CueBand band = CueBand::not_scored;
  double scores[kTextScorers] = {};  ///< higher: rather spoken
};

struct KindResult {
  std::string kind;
  std::string name;
  FileState expected =
      FileState::ok;  ///< of the last programme: what moves nothing in a short one may in a long one
  int64_t files = 0;
  int64_t right_states = 0;
  int64_t unsure = 0;
  double audio_seconds = 0.0;
  std::map<std::string, TimeScore> times[kSynchronisers];  ///< by programme
  std::vector<JudgedText> texts;
  bool beyond_search = false;  ///< cues belong further away than is looked for: nothing can be right
  bool has_nulls = false;      ///< otherwise texts have scores of check alone
};

struct CheckBenchmark {
  int64_t programmes = 0;
  double audio_seconds = 0.0;
  std::vector<KindResult> kinds;  ///< in the order of corrupted_subtitles()
};

/// A programme as the head hears it, and its right subtitle.
struct HeardProgramme {
  std::string name;
  double seconds = 0.0;
  RecordingScores scores;
  std::vector<CheckedText> cues;
  CorruptionTexts texts;
  uint64_t seed = 1;
};

struct BenchmarkHead {
  FrameTimes frame_times;
  LetterSounds letter_sounds;
};

struct CheckBenchmarkOptions {
  std::vector<std::string> kinds;  ///< those alone; none: all
  CheckOptions check = {};
  std::function<bool(int64_t done, int64_t all)> progress = [](int64_t, int64_t) {
    return true;
  };  ///< false: stop, and leave the programme unfinished
};

void measure_programme(CheckBenchmark& benchmark, const HeardProgramme& programme, const BenchmarkHead& head,
                       const TokenReader& reader, const CheckBenchmarkOptions& options = {});

/// The same sounds in an order in which nothing is spoken: seconds of the recording shuffled.
RecordingScores shuffled_audio(const RecordingScores& scores, const FrameTimes& frame_times, uint64_t seed);

}  // namespace wav2vec
