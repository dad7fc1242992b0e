#pragma once
// The contrastive objective once more in double.

#include <cmath>
#include <span>
#include <vector>

#include "support/reference.h"
#include "wav2vec/config/objective_config.h"
#include "wav2vec/model/negative_sampler.h"

namespace wav2vec::test {

/// The objective from its definition, in double, with ragged lengths; weight and bias as in a checkpoint.
inline double contrastive_loss(const ObjectiveConfig& config, int64_t offset, const std::vector<Signal>& z,
                               const std::vector<Signal>& c, std::span<const double> weight,
                               std::span<const double> bias, const NegativeTable& negatives) {
  double loss = 0.0;
  const int64_t steps = config.prediction_steps;
  for (size_t b = 0; b < z.size(); ++b) {
    for (int64_t i = 0; i < steps; ++i) {
      for (int64_t t = 0; t + offset + i < z[b].frames; ++t) {
        const int64_t target = t + offset + i;
        std::vector<double> logits;
        for (int64_t copy = 0; copy <= negatives.negatives; ++copy) {
          const int64_t row = copy == 0 ? static_cast<int64_t>(b) * negatives.frames + target
                                        : negatives.row(static_cast<int64_t>(b), copy - 1, target);
          const Signal& from = z[static_cast<size_t>(row / negatives.frames)];
          double sum = 0.0;
          for (int64_t d = 0; d < from.channels; ++d) {
            double h = bias[static_cast<size_t>(d)];
            for (int64_t k = 0; k < c[b].channels; ++k)
              h += weight[static_cast<size_t>((k * from.channels + d) * steps + i)] * c[b].at(t, k);
            sum += h * from.at(row % negatives.frames, d);
          }
          logits.push_back(sum);
        }
        if (config.loss == ContrastiveLoss::infonce) {
          double total = 0.0;
          for (double l : logits) total += std::exp(l);
          loss += std::log(total) - logits[0];
        } else {
          const double w = config.balanced_classes ? 1.0 / static_cast<double>(config.negatives) : 1.0;
          loss += std::log1p(std::exp(-logits[0]));
          for (size_t n = 1; n < logits.size(); ++n) loss += w * std::log1p(std::exp(logits[n]));
        }
      }
    }
  }
  return loss;
}

}  // namespace wav2vec::test
