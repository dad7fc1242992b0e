#include "wav2vec/audio/resampler.h"

#include <fmt/format.h>
#include <soxr.h>

#include "wav2vec/core/error.h"

namespace wav2vec {

int64_t resampled_length(int64_t samples, int64_t from_hz, int64_t to_hz) {
  W2V_CHECK(samples >= 0 && from_hz > 0 && to_hz > 0, "resampled_length of impossible values");
  // Whole seconds apart from the rest: no product beyond 64 bits.
  return samples / from_hz * to_hz + (samples % from_hz * to_hz + from_hz - 1) / from_hz;
}

std::vector<float> resample(std::span<const float> samples, int64_t from_hz, int64_t to_hz) {
  if (from_hz == to_hz) return {samples.begin(), samples.end()};
  std::vector<float> out(
      static_cast<size_t>(resampled_length(static_cast<int64_t>(samples.size()), from_hz, to_hz)));
  if (samples.empty()) return out;
  const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
  const soxr_runtime_spec_t one_thread = soxr_runtime_spec(1);
  size_t produced = 0;
  const soxr_error_t error = soxr_oneshot(static_cast<double>(from_hz), static_cast<double>(to_hz), 1,
                                          samples.data(), samples.size(), nullptr, out.data(), out.size(),
                                          &produced, nullptr, &quality, &one_thread);
  W2V_CHECK(error == nullptr, fmt::format("soxr: {}", error));
  return out;  // soxr rounds the length down at times: the last sample is then the zero behind the signal
}

std::string resampler_description() {
  const std::string version = soxr_version();  // "libsoxr-0.1.3"
  return fmt::format("soxr {} HQ", version.substr(version.rfind('-') + 1));
}

}  // namespace wav2vec
