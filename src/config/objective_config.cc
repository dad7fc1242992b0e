#include "wav2vec/config/objective_config.h"

#include <fmt/format.h>

#include <cmath>

namespace wav2vec {

void ObjectiveConfig::visit(FieldVisitor& v) {
  v.choice("loss", loss, kContrastiveLossNames, "binary cross-entropy per label, or softmax over the copies");
  v.field("prediction_steps", prediction_steps, "K: how many future frames each context frame predicts");
  v.field("prediction_offset", prediction_offset,
          "distance in frames of the first prediction; 0 = ceil(receptive field / hop)");
  v.field("negatives", negatives, "negatives per target frame from the same utterance");
  v.field("cross_sample_negatives", cross_sample_negatives,
          "negatives per target frame from the whole batch");
  v.choice("sampling", sampling, kNegativeSamplingNames, "how negatives are drawn");
  v.field("balanced_classes", balanced_classes, "weigh each negative by 1 / negatives (BCE only)");
  v.choice("divisor", divisor, kLossDivisorNames,
           "the summed loss is divided by positives, or by all labels");
}

void ObjectiveConfig::validate() const {
  if (prediction_steps < 1 || prediction_steps > 1000)
    fail_field("objective", "prediction_steps", fmt::format("{} is not within 1..1000", prediction_steps));
  if (prediction_offset < 0 || prediction_offset > 10000)
    fail_field("objective", "prediction_offset",
               fmt::format("{} is not within 0..10000 (0 = automatic)", prediction_offset));
  if (negatives < 0 || negatives > 10000)
    fail_field("objective", "negatives", fmt::format("{} is not within 0..10000", negatives));
  if (cross_sample_negatives < 0 || cross_sample_negatives > 10000)
    fail_field("objective", "cross_sample_negatives",
               fmt::format("{} is not within 0..10000", cross_sample_negatives));
  if (negatives + cross_sample_negatives == 0)
    fail_field("objective", "negatives", "0 and no cross_sample_negatives: at least one negative is needed");
  if (balanced_classes && loss == ContrastiveLoss::infonce)
    fail_field("objective", "balanced_classes", "has no meaning for loss = \"infonce\"; leave it false");
}

int64_t prediction_offset(const ObjectiveConfig& objective, const ModelConfig& model) {
  if (objective.prediction_offset > 0) return objective.prediction_offset;
  const FrameGeometry g = encoder_geometry(model);
  return (g.receptive_field_samples + g.hop_samples - 1) / g.hop_samples;
}

namespace {

double per_divisor(const ObjectiveConfig& config, double bits_per_positive) {
  return config.divisor == LossDivisor::positives ? bits_per_positive
                                                  : bits_per_positive / static_cast<double>(config.copies());
}

// Weight of all negatives of one positive together.
double negative_weight(const ObjectiveConfig& config) {
  const auto n = static_cast<double>(config.copies() - 1);
  // balanced_classes divides by `negatives` even when cross-sample ones come on top, as fairseq does.
  return config.balanced_classes && config.negatives > 0 ? n / static_cast<double>(config.negatives) : n;
}

}  // namespace

double chance_bits(const ObjectiveConfig& config) {
  if (config.loss == ContrastiveLoss::infonce)
    return per_divisor(config, std::log2(static_cast<double>(config.copies())));
  return per_divisor(config, 1.0 + negative_weight(config));
}

double constant_prior_bits(const ObjectiveConfig& config) {
  if (config.loss == ContrastiveLoss::infonce) return chance_bits(config);
  // min over p of −log2 p − w·log2(1−p), at p = 1/(1+w).
  const double w = negative_weight(config);
  return per_divisor(config, std::log2(1.0 + w) + w * std::log2((1.0 + w) / w));
}

}  // namespace wav2vec
