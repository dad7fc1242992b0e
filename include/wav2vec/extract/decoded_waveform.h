#pragma once
// The decoded audio of one utterance: in memory if it is short, in scratch files if it is hours.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "wav2vec/audio/audio_reader.h"
#include "wav2vec/audio/waveform_source.h"
#include "wav2vec/core/scratch.h"
#include "wav2vec/data/manifest.h"

namespace wav2vec {

class DecodedWaveform {
 public:
  /// `folder`: of the scratch files; empty: default_scratch_folder().
  explicit DecodedWaveform(std::filesystem::path folder = {}) : folder_(std::move(folder)) {}

  /// Throws DiskError.
  void append(std::span<const float> samples);
  int64_t samples() const { return samples_; }
  std::string damage = {};  ///< as in audio_reader.h
  /// Reads from this object, which must stay where it is.
  WaveformSource source() const;

 private:
  void append_to_files(std::span<const float> samples);
  void read(int64_t first, int64_t count, float* out) const;

  std::filesystem::path folder_;
  int64_t samples_ = 0;
  std::vector<float> memory_;            // the beginning
  std::unique_ptr<ScratchSpace> space_;  // of the rest
  std::vector<ScratchArray> files_;
};

/// Throws AudioError, DiskError; DataError for a segment that ends more than half a second behind the audio
/// (a shorter overshoot is cut off, as Kaldi's extract-segments does).
std::unique_ptr<DecodedWaveform> decode_utterance(const Utterance& utterance, const AudioOptions& options,
                                                  const std::filesystem::path& scratch_folder);

}  // namespace wav2vec
