#include "audio/analysis_window.h"

#include <cmath>
#include <numbers>

#include "wav2vec/core/rng.h"

namespace wav2vec {
namespace {

double sum_of_squares(std::span<const double> values) {
  double sum = 0.0;
  for (const double x : values) sum += x * x;
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

std::vector<double> window_shape(const WindowConfig& config, int64_t samples) {
  std::vector<double> shape(static_cast<size_t>(samples));
  const double step = 2.0 * std::numbers::pi / static_cast<double>(samples - 1);
  for (size_t i = 0; i < shape.size(); ++i) shape[i] = shape_at(config, step * static_cast<double>(i));
  return shape;
}

void AnalysisWindow::process(int64_t frame, std::span<const float> samples) {
  for (size_t i = 0; i < values_.size(); ++i) values_[i] = config_.waveform_scale * samples[i];
  if (config_.dither > 0.0) add_dither(frame);
  if (config_.remove_dc_offset) {
    double sum = 0.0;
    for (const double x : values_) sum += x;
    const double mean = sum / static_cast<double>(values_.size());
    for (double& x : values_) x -= mean;
  }
  raw_energy_ = sum_of_squares(values_);
  for (size_t i = values_.size() - 1; i > 0; --i) values_[i] -= config_.preemphasis * values_[i - 1];
  values_[0] -= config_.preemphasis * values_[0];
  for (size_t i = 0; i < values_.size(); ++i) values_[i] *= shape_[i];
}

double AnalysisWindow::energy() const { return sum_of_squares(values_); }

// Normal numbers by Box and Muller's formula.
void AnalysisWindow::add_dither(int64_t frame) {
  const RandomStream random(0, RandomUse::dither, {static_cast<uint64_t>(frame)});
  for (size_t i = 0; i < values_.size(); ++i) {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - random.uniform(2 * i)));
    values_[i] += config_.dither * radius * std::cos(2.0 * std::numbers::pi * random.uniform(2 * i + 1));
  }
}

}  // namespace wav2vec
