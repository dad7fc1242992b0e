#pragma once
// What a trained head is worth on recordings that it has not seen, beside what needs no head.

#include <functional>
#include <string>
#include <vector>

#include "wav2vec/data/ctm.h"
#include "wav2vec/data/manifest.h"
#include "wav2vec/head/boundary_errors.h"
#include "wav2vec/head/head_model.h"
#include "wav2vec/measure/ranking.h"
#include "wav2vec/text/token_reader.h"

namespace wav2vec {

/// Ways to word times: the head; the best path of the same network's CTC output; the time from the first loud
/// frame to the last divided by letters, and the same with boundaries moved to quiet frames.
enum class TimesFrom { head, ctc, uniform, energy };
inline constexpr std::string_view kTimesFromNames[] = {"head", "ctc", "uniform", "energy"};

struct HeadTestOptions {
  double least_seconds = 2.0;  ///< shorter utterances do not count for matches
  std::function<bool(int64_t done)> progress = [](int64_t) { return true; };  ///< false: stop
};

struct HeadTest {
  int64_t utterances = 0;
  double audio_seconds = 0.0;
  std::vector<GroupCounts> character_errors;  ///< of CTC's best path, by speaker
  /// Each utterance with its own text and with that of another speaker's utterance of about as many letters.
  std::vector<ScoredItem> similarities;
  std::vector<ScoredItem> probabilities;
  std::vector<ScoredItem> letters_per_second;  ///< scores: minus the distance from the usual rate
  std::vector<ScoredItem> other_audio;         ///< both texts with the audio of a third utterance
  /// What is left of `similarities` without the order of one side: with the frames in another order, and with
  /// the letters of both texts in another one.
  std::vector<ScoredItem> shuffled_frames;
  std::vector<ScoredItem> shuffled_letters;
  BoundaryComparison times[std::size(kTimesFromNames)];
};

/// `reader`: of the tokens of the model. `word_times`: may be empty. Utterances whose audio cannot be used
/// are left out with a warning.
HeadTest test_head(HeadModel& model, const Manifest& manifest, const Alignment& word_times,
                   const TokenReader& reader, const HeadTestOptions& options = {});

}  // namespace wav2vec
