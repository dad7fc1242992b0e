#pragma once
// What Kaldi does to the samples under one window before their spectrum is taken (feature-window.cc,
// ProcessWindow).

#include <cstdint>
#include <span>
#include <vector>

#include "wav2vec/config/fbank_config.h"

namespace wav2vec {

/// The floor under energies before their logarithm, Kaldi's and torchaudio's.
inline constexpr double kEnergyEpsilon = 0x1.0p-23;

/// The shape of the window, [samples].
std::vector<float> window_shape(const WindowConfig& config, int64_t samples);

/// Samples are rounded to float after every step, as Kaldi and torchaudio do: where a faint band lies beside
/// a loud one this rounding is what one sees of the band, and features that are exact would differ from
/// theirs.
class AnalysisWindow {
 public:
  AnalysisWindow(const WindowConfig& config, int64_t samples)
      : config_(config), shape_(window_shape(config, samples)), values_(shape_.size()) {}

  /// Scale, dither, mean, preemphasis and window; `frame` picks the noise of the dither.
  void process(int64_t frame, std::span<const float> samples);

  /// The result, [samples].
  std::span<const float> values() const { return values_; }
  /// Sum of squares before preemphasis and window (raw), or after.
  double raw_energy() const { return raw_energy_; }
  double energy() const;

 private:
  void add_dither(int64_t frame);

  WindowConfig config_;
  std::vector<float> shape_;
  std::vector<float> values_;
  double raw_energy_ = 0.0;
};

}  // namespace wav2vec
