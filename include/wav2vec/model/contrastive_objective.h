#pragma once
// The contrastive objective (Schneider et al. 2019, eq. 2): context frame c_t predicts, for each step i,
// which of 1 + N frames is z_{t + offset + i}.

#include <cstdint>
#include <vector>

#include "wav2vec/config/objective_config.h"
#include "wav2vec/model/negative_sampler.h"
#include "wav2vec/nn/conv1d.h"

namespace wav2vec {

/// h[t, i] = bias + W_i·c_t, scored against frames by the plain dot product.
struct ContrastiveObjective {
  ObjectiveConfig config;
  int64_t offset = 0;  ///< distance of the first prediction in frames
  int64_t context_channels = 0;
  int64_t encoder_channels = 0;
  double dropout = 0.0;
  /// All W_i at once: [frames, context channels] -> [frames, steps, encoder channels]; the steps share the
  /// bias.
  Conv1d projection;
};

/// Parameters are named wav2vec_predictions.project_to_steps as in fairseq.
ContrastiveObjective make_contrastive_objective(const ObjectiveConfig& config, const ModelConfig& model,
                                                ParameterLayout& layout);

/// Sums and counts over a batch, never means: batches, accumulation steps and ranks add up.
struct ObjectiveSums {
  double loss_nats = 0.0;
  int64_t positives = 0;
  int64_t labels = 0;
  /// Per prediction step: positives, and positives that score strictly above every negative. A negative that
  /// is the positive's own frame is no rival; a tie with any other is no hit, so a collapsed network has
  /// none.
  std::vector<int64_t> positives_per_step;
  std::vector<int64_t> hits_per_step;

  ObjectiveSums& operator+=(const ObjectiveSums& other);
};

/// What gradients and the loss are divided by.
int64_t divisor(const ObjectiveSums& sums, LossDivisor kind);

/// Logits of one item, for tests and tools: element (t, i, copy), copy 0 the positive; t is the context
/// frame.
struct ItemLogits {
  int64_t frames = 0;
  int64_t steps = 0;
  int64_t copies = 0;
  std::vector<float> values;
};

/// Gradients that a pass asks for. dz accumulates, dc is overwritten.
struct ObjectiveGradients {
  GradientTarget parameters;
  Activations dz;  ///< like z
  Activations dc;  ///< like c
};

/// z: [batch, frames, encoder channels], c: [batch, frames, context channels]. Null gradients: evaluation.
/// Gradients are those of the summed loss in nats. `logits`, if not null, receives one entry per item.
ObjectiveSums contrastive_pass(const ContrastiveObjective& objective, const Pass& pass, const Activations& z,
                               const Activations& c, const NegativeTable& negatives,
                               ObjectiveGradients* gradients, std::vector<ItemLogits>* logits = nullptr);

}  // namespace wav2vec
