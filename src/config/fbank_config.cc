#include "wav2vec/config/fbank_config.h"

#include <fmt/format.h>

#include <cmath>

#include "wav2vec/config/check_within.h"

namespace wav2vec {
namespace {

constexpr double kMaxWindowSeconds = 60.0;
constexpr int64_t kMaxMelBins = 4096;

void visit_energy(FieldVisitor& v, bool& use_energy, double& energy_floor, bool& raw_energy, bool& htk_compat,
                  std::string_view use_help) {
  v.field("use_energy", use_energy, use_help);
  v.field("energy_floor", energy_floor, "floor of the energy, before the logarithm; 0 = none but 2^-23");
  v.field("raw_energy", raw_energy, "energy before preemphasis and window instead of after");
  v.field("htk_compat", htk_compat, "energy (or C0) last instead of first");
}

}  // namespace

void WindowConfig::visit(FieldVisitor& v) {
  v.field("frame_length_ms", frame_length_ms, "length of the analysis window");
  v.field("frame_shift_ms", frame_shift_ms, "from one window to the next");
  v.field("dither", dither, "standard deviation of the noise that is added to the scaled samples; 0 = none");
  v.field("preemphasis", preemphasis, "x[t] - preemphasis * x[t-1] within each window");
  v.field("remove_dc_offset", remove_dc_offset, "subtract each window's mean");
  v.choice("window", window, kWindowTypeNames, "shape of the window; povey is hanning to the power of 0.85");
  v.field("blackman_coeff", blackman_coeff, "constant of the blackman window");
  v.field("round_to_power_of_two", round_to_power_of_two, "zeros up to a power of two before the FFT");
  v.field("snip_edges", snip_edges,
          "only windows within the signal; false = one per shift, the signal reflected at its ends");
  v.field("waveform_scale", waveform_scale, "factor on samples in [-1, 1): 32768 as Kaldi, 1 as torchaudio");
}

void WindowConfig::validate(std::string_view section, int64_t sample_rate_hz) const {
  const auto rate = static_cast<double>(sample_rate_hz);
  check_within(section, "frame_length_ms", frame_length_ms, 2000.0 / rate, kMaxWindowSeconds * 1000.0);
  check_within(section, "frame_shift_ms", frame_shift_ms, 1000.0 / rate, kMaxWindowSeconds * 1000.0);
  check_within(section, "dither", dither, 0.0, 1e6);
  check_within(section, "preemphasis", preemphasis, 0.0, 1.0);
  check_within(section, "blackman_coeff", blackman_coeff, 0.0, 1.0);
  if (!(waveform_scale > 0.0 && waveform_scale <= 1e10))
    fail_field(section, "waveform_scale", fmt::format("{} is not within (0, 1e10]", waveform_scale));
  const auto samples = static_cast<int64_t>(rate * frame_length_ms / 1000.0);
  if (!round_to_power_of_two && samples % 2 != 0)
    fail_field(
        section, "round_to_power_of_two",
        fmt::format("false with a window of {} samples, an odd number: change frame_length_ms", samples));
}

void MelConfig::visit(FieldVisitor& v) {
  v.field("num_mel_bins", num_mel_bins, "triangular filters, evenly spaced in mel");
  v.field("low_freq", low_freq, "Hz, lower end of the first filter");
  v.field("high_freq", high_freq,
          "Hz, upper end of the last filter; 0 or below: relative to half the sample rate");
}

void MelConfig::validate(std::string_view section, int64_t sample_rate_hz) const {
  const double nyquist = static_cast<double>(sample_rate_hz) / 2.0;
  if (num_mel_bins < 3 || num_mel_bins > kMaxMelBins)
    fail_field(section, "num_mel_bins", fmt::format("{} is not within 3..{}", num_mel_bins, kMaxMelBins));
  const double top = high_freq > 0.0 ? high_freq : high_freq + nyquist;
  if (!(top > 0.0 && top <= nyquist))
    fail_field(section, "high_freq",
               fmt::format("{} is not within {}..{}, half the sample rate", high_freq, -nyquist, nyquist));
  if (!(low_freq >= 0.0 && low_freq < top))
    fail_field(section, "low_freq", fmt::format("{} is not within 0..{}, the upper end", low_freq, top));
}

void FbankConfig::visit(FieldVisitor& v) {
  window.visit(v);
  mel.visit(v);
  visit_energy(v, use_energy, energy_floor, raw_energy, htk_compat, "a further channel with the log energy");
  v.field("use_log_fbank", use_log_fbank, "the natural logarithm of the filters' energies");
  v.field("use_power", use_power, "filters over the power spectrum instead of the magnitudes");
}

void FbankConfig::validate(int64_t sample_rate_hz) const {
  window.validate("fbank", sample_rate_hz);
  mel.validate("fbank", sample_rate_hz);
  check_within("fbank", "energy_floor", energy_floor, 0.0, 1e30);
}

void MfccConfig::visit(FieldVisitor& v) {
  window.visit(v);
  mel.visit(v);
  v.field("num_ceps", num_ceps, "cepstral coefficients with C0");
  v.field("cepstral_lifter", cepstral_lifter, "strength of the lifter; 0 = none");
  visit_energy(v, use_energy, energy_floor, raw_energy, htk_compat, "the log energy instead of C0");
}

void MfccConfig::validate(int64_t sample_rate_hz) const {
  window.validate("mfcc", sample_rate_hz);
  mel.validate("mfcc", sample_rate_hz);
  if (num_ceps < 1 || num_ceps > mel.num_mel_bins)
    fail_field("mfcc", "num_ceps",
               fmt::format("{} is not within 1..{}, num_mel_bins", num_ceps, mel.num_mel_bins));
  check_within("mfcc", "cepstral_lifter", cepstral_lifter, 0.0, 1e6);
  check_within("mfcc", "energy_floor", energy_floor, 0.0, 1e30);
}

}  // namespace wav2vec
