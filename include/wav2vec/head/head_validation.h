#pragma once
// How well an alignment head does on utterances that it is not trained on.

#include <span>

#include "wav2vec/config/data_config.h"
#include "wav2vec/head/head_corpus.h"
#include "wav2vec/head/head_trainer.h"
#include "wav2vec/model/alignment_network.h"

namespace wav2vec {

/// Audio is not augmented; texts are aligned without their known times. `log_priors`: as chain_loss() takes
/// them. `max_batches`: 0 = all.
HeadValidation validate_head(const AlignmentNetwork& network, const Pass& pass, const HeadPart& part,
                             const DataConfig& data, const FrameClock& clock,
                             std::span<const float> log_priors, int64_t max_batches);

}  // namespace wav2vec
