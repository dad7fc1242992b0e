#include "wav2vec/audio/pitch_shift.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "wav2vec/audio/resampler.h"
#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

constexpr double kHopSeconds = 0.015;
constexpr double kSearchSeconds = 0.008;
constexpr size_t kLanes = 16;

/// In lanes of a fixed number, so that the sum depends neither on alignment nor on the compiler's choice.
float dot(const float* a, const float* b, size_t count) {
  float lanes[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += a[i + lane] * b[i + lane];
  }
  float sum = 0.0F;
  for (; i < count; ++i) sum += a[i] * b[i];
  for (float lane : lanes) sum += lane;
  return sum;
}

/// The start within `search` samples of `nominal` whose next `hop` samples differ least from `wanted`.
const float* find_continuation(const float* nominal, const float* wanted, int64_t search, size_t hop) {
  const float* best = nominal;
  double best_difference = std::numeric_limits<double>::infinity();
  double energy = dot(nominal - search, nominal - search, hop);
  for (const float* at = nominal - search; at <= nominal + search; ++at) {
    // |at − wanted|² without the part that all candidates share.
    const double difference = energy - 2.0 * dot(at, wanted, hop);
    if (difference < best_difference) {
      best_difference = difference;
      best = at;
    }
    energy += static_cast<double>(at[hop]) * at[hop] - static_cast<double>(*at) * *at;
  }
  return best;
}

std::vector<float> rising_half_of_hann(int64_t hop) {
  std::vector<float> rise(static_cast<size_t>(hop));
  for (size_t i = 0; i < rise.size(); ++i) {
    const double at = (static_cast<double>(i) + 0.5) / static_cast<double>(hop);
    rise[i] = static_cast<float>(0.5 - 0.5 * std::cos(std::numbers::pi * at));
  }
  return rise;
}

}  // namespace

std::vector<float> stretch_time(std::span<const float> samples, int64_t sample_rate_hz,
                                int64_t stretched_samples) {
  W2V_CHECK(sample_rate_hz > 0 && stretched_samples >= 0, "stretch_time to an impossible length");
  const auto rate = static_cast<double>(sample_rate_hz);
  const auto hop = std::max<int64_t>(1, std::llround(kHopSeconds * rate));
  const auto search = std::max<int64_t>(1, std::llround(kSearchSeconds * rate));
  const int64_t around = 3 * hop + search + 1;
  std::vector<float> padded(samples.size() + 2 * static_cast<size_t>(around), 0.0F);
  std::copy(samples.begin(), samples.end(), padded.begin() + around);
  const std::vector<float> rise = rising_half_of_hann(hop);
  const double slowness =
      static_cast<double>(samples.size()) / static_cast<double>(std::max<int64_t>(1, stretched_samples));

  std::vector<float> out(static_cast<size_t>(stretched_samples));
  // Every step cross-fades from the natural continuation of the last window to the next window.
  const float* continuation = padded.data() + around;
  for (int64_t at = 0; at < stretched_samples; at += hop) {
    const float* const nominal = padded.data() + around + std::llround(static_cast<double>(at) * slowness);
    const float* const next =
        at == 0 ? nominal : find_continuation(nominal, continuation, search, rise.size());
    const int64_t count = std::min(hop, stretched_samples - at);
    for (int64_t i = 0; i < count; ++i) {
      const float share = rise[static_cast<size_t>(i)];
      out[static_cast<size_t>(at + i)] = continuation[i] + share * (next[i] - continuation[i]);
    }
    continuation = next + hop;
  }
  return out;
}

std::vector<float> shift_pitch(std::span<const float> samples, int64_t sample_rate_hz, double cents) {
  const auto count = static_cast<int64_t>(samples.size());
  const int64_t stretched = std::llround(static_cast<double>(count) * std::exp2(cents / 1200.0));
  if (count == 0 || stretched == count || stretched == 0) return {samples.begin(), samples.end()};
  return resample(stretch_time(samples, sample_rate_hz, stretched), stretched, count);
}

}  // namespace wav2vec
