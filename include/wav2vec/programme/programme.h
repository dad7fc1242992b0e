#pragma once
// Programmes of known truth: utterances one after the other with pauses, noise below them and what else is
// asked for. When each line is spoken is known to the frame, for it was put there.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "wav2vec/data/manifest.h"

namespace wav2vec {

enum class NoiseBed { none, pink, music };
inline constexpr std::string_view kNoiseBedNames[] = {"none", "pink", "music"};

struct ProgrammeOptions {
  double seconds = 300.0;
  uint64_t seed = 1;
  double gap_median_seconds = 0.8;  ///< of a log-normal distribution
  double gap_sigma = 0.8;           ///< of its logarithm
  double shortest_gap_seconds = 0.15;
  double longest_gap_seconds = 6.0;
  NoiseBed bed = NoiseBed::none;
  double snr_db = 10.0;    ///< of the bed, over the whole programme
  bool telephone = false;  ///< 300 to 3400 Hz
  int64_t sample_rate_hz = 16000;
};

struct ProgrammeLine {
  double start_seconds = 0.0;  ///< of what is loud enough in the utterance
  double end_seconds = 0.0;
  std::string text;
  std::string speaker;
  std::string utterance;  ///< its id
};

struct Programme {
  std::vector<float> samples;
  std::vector<ProgrammeLine> lines;
};

/// Frames of 10 ms that are within 35 dB of the loudest, from the first to the last, with a frame around
/// them. Returns samples [begin, end); empty for silence.
std::pair<int64_t, int64_t> loud_part(std::span<const float> samples, int64_t sample_rate_hz);

/// Utterances with a text, drawn without repetition as far as there are enough, each at the same loudness.
/// Throws AudioError, and DataError when there is no text.
Programme make_programme(const Manifest& utterances, const ProgrammeOptions& options);

/// "HH:MM:SS,mmm".
std::string format_srt(std::span<const ProgrammeLine> lines);

}  // namespace wav2vec
