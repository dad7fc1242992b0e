#pragma once
// Sample-rate conversion (soxr, linear phase, no delay).

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace wav2vec {

/// Samples after conversion: ceil(samples * to_hz / from_hz).
int64_t resampled_length(int64_t samples, int64_t from_hz, int64_t to_hz);

/// The waveform at `to_hz`, exactly resampled_length() long; output sample i is at the time i / to_hz of the
/// input. Equal rates return a copy. Rates must be positive.
std::vector<float> resample(std::span<const float> samples, int64_t from_hz, int64_t to_hz);

/// Takes samples piece by piece; what the span shows is valid during the call only.
using SampleSink = std::function<void(std::span<const float> samples)>;

/// resample() of a signal that comes in pieces: the same samples to the bit, however it is cut. Not
/// thread-safe.
class StreamResampler {
 public:
  StreamResampler(int64_t from_hz, int64_t to_hz);
  ~StreamResampler();

  void push(std::span<const float> samples, const SampleSink& sink);
  /// The end of the signal, once: brings the output to resampled_length() of all that was pushed.
  void finish(const SampleSink& sink);

 private:
  struct Engine;

  void deliver(int64_t samples, const SampleSink& sink);

  int64_t from_hz_;
  int64_t to_hz_;
  int64_t pushed_ = 0;
  int64_t delivered_ = 0;
  std::unique_ptr<Engine> engine_;  ///< null for equal rates
  std::vector<float> block_;
};

/// Library, version and quality, for logs and run records: "soxr 0.1.3 HQ".
std::string resampler_description();

}  // namespace wav2vec
