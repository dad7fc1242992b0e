#pragma once
// Trains the head of a probe and judges it.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "wav2vec/config/probe_recipe.h"
#include "wav2vec/probe/probe_head.h"
#include "wav2vec/probe/probe_inputs.h"
#include "wav2vec/probe/probe_loss.h"

namespace wav2vec {

struct TrainedHead {
  ParameterLayout layout;
  ProbeHead head;
  std::unique_ptr<ParameterBlock> parameters;
  double dev_error = 0.0;   ///< first measure on dev, of the weights that were kept
  int64_t kept_update = 0;  ///< after which they were
};

struct HeadTraining {
  double learning_rate = 1e-3;
  uint64_t seed = 1;
  std::span<const int64_t> train;  ///< utterances
  std::span<const int64_t> dev;
};

/// Adam for recipe.train.updates, the rate falling to 0 as a cosine; the weights with the fewest errors on
/// dev are kept. Every utterance of train comes once per epoch in an order that depends on the seed. The same
/// arguments give the same bits for any number of threads. Throws NumericError when the loss is not finite;
/// ends early with what is kept when `stop_requested` says so.
std::unique_ptr<TrainedHead> train_head(const ProbeRecipe& recipe, const ProbeInputs& inputs,
                                        const ProbeTargets& targets, const ProbeDecoder& decoder,
                                        const HeadTraining& training,
                                        const std::function<bool()>& stop_requested);

/// Counts of every measure, [utterance][measure].
std::vector<std::vector<ErrorCounts>> judge_utterances(const TrainedHead& trained, const ProbeInputs& inputs,
                                                       const ProbeTargets& targets,
                                                       const ProbeDecoder& decoder,
                                                       std::span<const int64_t> utterances, bool quick);

}  // namespace wav2vec
