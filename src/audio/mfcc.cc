#include "wav2vec/audio/mfcc.h"

#include <cmath>
#include <numbers>

namespace wav2vec {
namespace {

FbankConfig fbank_under(const MfccConfig& config, int64_t sample_rate_hz) {
  config.validate(sample_rate_hz);
  FbankConfig fbank;
  fbank.window = config.window;
  fbank.mel = config.mel;
  fbank.use_energy = config.use_energy;
  fbank.energy_floor = config.energy_floor;
  fbank.raw_energy = config.raw_energy;
  return fbank;
}

// The orthonormal cosine transform (type II), each row times the lifter 1 + Q/2 sin(πk/Q).
std::vector<double> cepstral_transform(const MfccConfig& config) {
  using std::numbers::pi;
  const auto bins = static_cast<double>(config.mel.num_mel_bins);
  const double q = config.cepstral_lifter;
  std::vector<double> transform;
  for (int64_t k = 0; k < config.num_ceps; ++k) {
    const auto order = static_cast<double>(k);
    const double lifter = q > 0.0 ? 1.0 + 0.5 * q * std::sin(pi * order / q) : 1.0;
    const double norm = std::sqrt((k == 0 ? 1.0 : 2.0) / bins);
    for (int64_t n = 0; n < config.mel.num_mel_bins; ++n)
      transform.push_back(lifter * norm * std::cos(pi / bins * (static_cast<double>(n) + 0.5) * order));
  }
  return transform;
}

}  // namespace

Mfcc::Mfcc(const MfccConfig& config, int64_t sample_rate_hz)
    : config_(config),
      fbank_(fbank_under(config, sample_rate_hz), sample_rate_hz),
      transform_(cepstral_transform(config)) {}

void Mfcc::push(std::span<const float> samples, const RowSink& sink) {
  fbank_.push(samples, [&](std::span<const float> rows) { convert(rows, sink); });
}

void Mfcc::finish(const RowSink& sink) {
  fbank_.finish([&](std::span<const float> rows) { convert(rows, sink); });
}

void Mfcc::convert(std::span<const float> fbank_rows, const RowSink& sink) {
  const auto width = static_cast<size_t>(fbank_.channels());
  const auto ceps = static_cast<size_t>(config_.num_ceps);
  const size_t frames = fbank_rows.size() / width;
  rows_.resize(frames * ceps);
  for (size_t t = 0; t < frames; ++t) convert_row(&fbank_rows[t * width], &rows_[t * ceps]);
  sink(rows_);
}

void Mfcc::convert_row(const float* fbank, float* cepstra) const {
  const auto bins = static_cast<size_t>(config_.mel.num_mel_bins);
  const auto ceps = static_cast<size_t>(config_.num_ceps);
  const float* mel = fbank + (config_.use_energy ? 1 : 0);
  // htk_compat: C1, C2, … and then C0 without the norm's √½, or the energy.
  const size_t first_place = config_.htk_compat ? ceps - 1 : 0;
  for (size_t k = 0; k < ceps; ++k) {
    double sum = 0.0;
    for (size_t n = 0; n < bins; ++n) sum += transform_[k * bins + n] * mel[n];
    if (k == 0 && config_.htk_compat) sum *= std::numbers::sqrt2;
    const size_t place = k == 0 ? first_place : k - (config_.htk_compat ? 1 : 0);
    cepstra[place] = static_cast<float>(sum);
  }
  if (config_.use_energy) cepstra[first_place] = fbank[0];
}

std::vector<float> compute_mfcc(const MfccConfig& config, int64_t sample_rate_hz,
                                std::span<const float> waveform) {
  std::vector<float> all;
  const RowSink append = [&](std::span<const float> rows) {
    all.insert(all.end(), rows.begin(), rows.end());
  };
  Mfcc mfcc(config, sample_rate_hz);
  mfcc.push(waveform, append);
  mfcc.finish(append);
  return all;
}

}  // namespace wav2vec
