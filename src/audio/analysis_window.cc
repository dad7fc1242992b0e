#include "audio/analysis_window.h"

#include <cmath>
#include <numbers>

#include "wav2vec/core/rng.h"

namespace wav2vec {
namespace {

double sum_of_squares(std::span<const float> values) {
  double sum = 0.0;
  for (const float x : values) sum += static_cast<double>(x) * x;
  return sum;
}

double shape_at(const WindowConfig& config, double angle) {
  const double hanning = 0.5 - 0.5 * std::cos(angle);
  switch (config.window) {
    case WindowType::povey:
      return std::pow(hanning, 0.85);
    case WindowType::hamming:
      return 0.54 - 0.46 * std::cos(angle);
    case WindowType::hanning:
      return hanning;
    case WindowType::rectangular:
      return 1.0;
    case WindowType::blackman:
      return config.blackman_coeff - 0.5 * std::cos(angle) +
             (0.5 - config.blackman_coeff) * std::cos(2.0 * angle);
  }
  return 1.0;
}

}  // namespace

std::vector<float> window_shape(const WindowConfig& config, int64_t samples) {
  std::vector<float> shape(static_cast<size_t>(samples));
  const double step = 2.0 * std::numbers::pi / static_cast<double>(samples - 1);
  for (size_t i = 0; i < shape.size(); ++i)
    shape[i] = static_cast<float>(shape_at(config, step * static_cast<double>(i)));
  return shape;
}

void AnalysisWindow::process(int64_t frame, std::span<const float> samples) {
  const double scale = config_.waveform_scale;
  for (size_t i = 0; i < values_.size(); ++i) values_[i] = static_cast<float>(scale * samples[i]);
  if (config_.dither > 0.0) add_dither(frame);
  if (config_.remove_dc_offset) {
    double sum = 0.0;
    for (const float x : values_) sum += x;
    const auto mean = static_cast<float>(sum / static_cast<double>(values_.size()));
    for (float& x : values_) x -= mean;
  }
  raw_energy_ = sum_of_squares(values_);
  const double coefficient = static_cast<float>(config_.preemphasis);
  for (size_t i = values_.size(); i-- > 0;) {
    // By way of double, so that no compiler makes one rounding of the two.
    const auto before = static_cast<float>(coefficient * values_[i > 0 ? i - 1 : 0]);
    values_[i] -= before;
  }
  for (size_t i = 0; i < values_.size(); ++i) values_[i] *= shape_[i];
}

double AnalysisWindow::energy() const { return sum_of_squares(values_); }

// Normal numbers by Box and Muller's formula.
void AnalysisWindow::add_dither(int64_t frame) {
  const RandomStream random(0, RandomUse::dither, {static_cast<uint64_t>(frame)});
  for (size_t i = 0; i < values_.size(); ++i) {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - random.uniform(2 * i)));
    const double normal = radius * std::cos(2.0 * std::numbers::pi * random.uniform(2 * i + 1));
    values_[i] += static_cast<float>(config_.dither * normal);
  }
}

}  // namespace wav2vec
