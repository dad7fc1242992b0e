#pragma once
// From the class posteriors of a CTC recogniser (nn/ctc_loss.h; class 0 is the blank) to label sequences.

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "wav2vec/decode/arpa_lm.h"

namespace wav2vec {

/// The most probable path, its repetitions and blanks taken out. log_posteriors: [frames, classes]; any row
/// constant may be missing, so logits do. The first of equal classes counts.
std::vector<int32_t> ctc_best_path(const float* log_posteriors, int64_t frames, int64_t classes);

/// A language model over the words that the labels spell. `model` outlives the call.
struct CtcWordModel {
  const ArpaModel* model = nullptr;
  std::vector<std::string>
      class_names;          ///< [classes]: what each class adds to the word; the blank's is unused
  int32_t separator = -1;   ///< the class between words
  double weight = 1.0;      ///< of ln P of the model
  double word_bonus = 0.0;  ///< added for every word: models prefer few
};

struct CtcBeamOptions {
  int64_t beam = 32;   ///< label sequences kept after every frame
  int64_t n_best = 1;  ///< at most the beam
  /// Classes below this ln P in a frame do not prolong a sequence there; −∞ leaves none out.
  double min_log_posterior = -14.0;
  /// False: a sequence counts as much as its best path. Of posteriors that are as sure of a letter in every
  /// frame of it as of the blank (recipes' text.letter_frame_weight teaches that), sequences with letters
  /// said twice have many more paths, and the sum would prefer them.
  bool add_paths = true;
};

struct CtcHypothesis {
  std::vector<int32_t> labels;
  /// ln P(labels | features), summed over the paths that the beam has kept; of the best one without add_paths
  double log_probability = 0.0;
  /// log_probability + Σ over words (weight · ln P(word | words before) + word_bonus) + weight · ln P(</s>).
  /// Words are the labels between separators; empty ones do not count.
  double score = 0.0;
};

/// Prefix beam search (Graves 2012, section 7.5; Hannun et al. 2014 for the words), best score first.
/// log_posteriors [frames, classes] are normalised (nn/softmax.h, log_softmax_rows). A word meets the model
/// when it ends, so the beam must be wide enough for words that the model prefers to survive until then. With
/// a beam for all sequences the result is exact. Throws NumericError for NaN and +∞.
std::vector<CtcHypothesis> ctc_beam_search(const float* log_posteriors, int64_t frames, int64_t classes,
                                           const CtcBeamOptions& options = {},
                                           const CtcWordModel* words = nullptr);

}  // namespace wav2vec
