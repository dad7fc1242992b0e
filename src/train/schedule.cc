#include "wav2vec/train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace wav2vec {
namespace {

double cosine_rate(const OptimConfig& config, int64_t period, int64_t update) {
  constexpr double kShrinkPerPeriod = 0.1;
  const double shrink = std::pow(kShrinkPerPeriod, static_cast<double>(update / period));
  const double top = config.learning_rate * shrink;
  const double bottom = config.min_learning_rate * shrink;
  const double progress = static_cast<double>(update % period) / static_cast<double>(period);
  return bottom + 0.5 * (top - bottom) * (1.0 + std::cos(std::numbers::pi * progress));
}

double tri_stage_rate(const OptimConfig& config, int64_t after_warmup, int64_t update) {
  if (update < config.hold_updates) return config.learning_rate;
  const int64_t decay_updates = std::max<int64_t>(1, after_warmup - config.hold_updates);
  const double progress =
      std::min(1.0, static_cast<double>(update - config.hold_updates) / static_cast<double>(decay_updates));
  // Exponential decay cannot reach 0; a floor of a millionth stands in for it.
  const double bottom = std::max(config.min_learning_rate, 1e-6 * config.learning_rate);
  return config.learning_rate * std::pow(bottom / config.learning_rate, progress);
}

}  // namespace

double learning_rate_at(const OptimConfig& config, int64_t max_updates, int64_t update) {
  if (update < config.warmup_updates) {
    return config.warmup_initial_rate + static_cast<double>(update) *
                                            (config.learning_rate - config.warmup_initial_rate) /
                                            static_cast<double>(config.warmup_updates);
  }
  const int64_t after_warmup = std::max<int64_t>(1, max_updates - config.warmup_updates);
  const int64_t since_warmup = update - config.warmup_updates;
  switch (config.schedule) {
    case ScheduleKind::cosine:
      return cosine_rate(config, after_warmup, since_warmup);
    case ScheduleKind::tri_stage:
      return tri_stage_rate(config, after_warmup, since_warmup);
    case ScheduleKind::constant:
      break;
  }
  return config.learning_rate;
}

}  // namespace wav2vec
