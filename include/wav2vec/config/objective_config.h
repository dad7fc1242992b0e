#pragma once
// The contrastive objective: section [objective] of a recipe.

#include <cstdint>

#include "wav2vec/config/fields.h"
#include "wav2vec/config/model_config.h"

namespace wav2vec {

enum class ContrastiveLoss { bce, infonce };
inline constexpr std::string_view kContrastiveLossNames[] = {"bce", "infonce"};

/// How negatives are drawn.
/// - exclude_positive: uniform over the candidates without the positive itself (ours);
/// - fairseq_compat: the arithmetic of fairseq since 2020-02, whose exclusion misses its aim;
/// - uniform: nothing excluded, as the released 2019 model was trained.
enum class NegativeSampling { exclude_positive, fairseq_compat, uniform };
inline constexpr std::string_view kNegativeSamplingNames[] = {"exclude_positive", "fairseq_compat",
                                                              "uniform"};

/// What the summed loss is divided by: positives (fairseq today) or all labels (fairseq 2019).
enum class LossDivisor { positives, labels };
inline constexpr std::string_view kLossDivisorNames[] = {"positives", "labels"};

struct ObjectiveConfig {
  ContrastiveLoss loss = ContrastiveLoss::bce;
  int64_t prediction_steps = 12;
  int64_t prediction_offset = 0;
  int64_t negatives = 10;
  int64_t cross_sample_negatives = 0;
  NegativeSampling sampling = NegativeSampling::exclude_positive;
  bool balanced_classes = false;
  LossDivisor divisor = LossDivisor::positives;

  void visit(FieldVisitor& v);
  void validate() const;
  int64_t copies() const { return 1 + negatives + cross_sample_negatives; }
};

/// Distance in frames of the first prediction: the configured one, or ⌈receptive field / hop⌉, so that the
/// positive shares no sample with its context frame.
int64_t prediction_offset(const ObjectiveConfig& objective, const ModelConfig& model);

/// Loss in bits (per divisor) when every logit is 0: the value of a network that has learned nothing.
double chance_bits(const ObjectiveConfig& config);

/// Loss in bits of the best predictor that ignores its input (a constant logit): what BCE reaches without
/// looking at the audio. Equal to chance_bits for InfoNCE.
double constant_prior_bits(const ObjectiveConfig& config);

}  // namespace wav2vec
