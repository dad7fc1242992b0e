#pragma once
// Filter banks and MFCC under Kaldi's names and defaults (feature-window.h, mel-computations.h,
// feature-fbank.h, feature-mfcc.h), except for dither: off, so that features are a function of the audio.
// Kaldi's VTLN options are left out.

#include <cstdint>

#include "wav2vec/config/fields.h"

namespace wav2vec {

enum class WindowType { povey, hamming, hanning, rectangular, blackman };
inline constexpr std::string_view kWindowTypeNames[] = {"povey", "hamming", "hanning", "rectangular",
                                                        "blackman"};

/// How the signal is cut into windows and what is done to each.
struct WindowConfig {
  double frame_length_ms = 25.0;
  double frame_shift_ms = 10.0;
  double dither = 0.0;
  double preemphasis = 0.97;
  bool remove_dc_offset = true;
  WindowType window = WindowType::povey;
  double blackman_coeff = 0.42;
  bool round_to_power_of_two = true;
  bool snip_edges = true;
  /// The waveform in [-1, 1) is multiplied by this. 32768 gives the integers that Kaldi reads from WAV files;
  /// torchaudio computes with what it is given: 1 for what torchaudio.load returns. The floor under the
  /// logarithm (2^-23) is the same for both, so that 1 cuts off what is quiet.
  double waveform_scale = 32768.0;

  void visit(FieldVisitor& v);
  void validate(std::string_view section, int64_t sample_rate_hz) const;
};

/// The triangular filters.
struct MelConfig {
  int64_t num_mel_bins = 23;
  double low_freq = 20.0;
  double high_freq = 0.0;  ///< 0 or below: this much above half the sample rate

  void visit(FieldVisitor& v);
  void validate(std::string_view section, int64_t sample_rate_hz) const;
};

struct FbankConfig {
  WindowConfig window;
  MelConfig mel;
  bool use_energy = false;
  double energy_floor = 0.0;  ///< torchaudio: 1.0
  bool raw_energy = true;
  bool htk_compat = false;
  bool use_log_fbank = true;
  bool use_power = true;

  void visit(FieldVisitor& v);
  /// Throws ConfigError "[fbank] key: …".
  void validate(int64_t sample_rate_hz) const;
};

struct MfccConfig {
  WindowConfig window;
  MelConfig mel;
  int64_t num_ceps = 13;
  double cepstral_lifter = 22.0;
  bool use_energy = true;     ///< torchaudio: false
  double energy_floor = 0.0;  ///< torchaudio: 1.0
  bool raw_energy = true;
  bool htk_compat = false;

  void visit(FieldVisitor& v);
  /// Throws ConfigError "[mfcc] key: …".
  void validate(int64_t sample_rate_hz) const;
};

}  // namespace wav2vec
