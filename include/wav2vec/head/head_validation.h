#pragma once
// How well an alignment head does on utterances that it is not trained on.

#include "wav2vec/align/match_score.h"
#include "wav2vec/config/data_config.h"
#include "wav2vec/head/head_corpus.h"
#include "wav2vec/model/alignment_network.h"

namespace wav2vec {

struct HeadValidation {
  double loss_nats = 0.0;             ///< per frame
  double character_error_rate = 0.0;  ///< of the best path, without a language model
  /// Of words whose times are known: |start found − start given|, likewise ends, and their signed means.
  double start_error_seconds = 0.0;
  double end_error_seconds = 0.0;
  double start_bias_seconds = 0.0;
  double end_bias_seconds = 0.0;
  int64_t words = 0;
  /// How often the text of an utterance scores higher than that of another one of about the same length
  /// scores in another utterance: the area under the ROC curve, before calibration.
  double match_auc = 0.0;
  MatchCalibration calibration = {};
};

/// Audio is not augmented; texts are aligned without their known times, and the text of another utterance is
/// aligned to each of them, from which the calibration comes. `max_batches`: 0 = all.
HeadValidation validate_head(const AlignmentNetwork& network, const Pass& pass, const HeadPart& part,
                             const DataConfig& data, const FrameTimes& frame_times, int64_t max_batches);

}  // namespace wav2vec
