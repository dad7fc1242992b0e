#include "wav2vec/audio/waveform_source.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "wav2vec/audio/normalize.h"

namespace wav2vec {
namespace {

constexpr int64_t kPieceSamples = int64_t{1} << 16;

// Calls f(samples) for the whole waveform, in order.
template <class F>
void for_each_piece(const WaveformSource& waveform, F f) {
  std::vector<float> piece(static_cast<size_t>(std::min(kPieceSamples, waveform.samples)));
  for (int64_t first = 0; first < waveform.samples; first += kPieceSamples) {
    const int64_t count = std::min(kPieceSamples, waveform.samples - first);
    waveform.read(first, count, piece.data());
    f(std::span<const float>(piece.data(), static_cast<size_t>(count)));
  }
}

}  // namespace

WaveformSource waveform_in_memory(std::span<const float> samples) {
  return {std::ssize(samples), [samples](int64_t first, int64_t count, float* out) {
            std::copy_n(samples.data() + first, count, out);
          }};
}

WaveformSource waveform_part(WaveformSource waveform, int64_t first, int64_t samples) {
  return {samples, [whole = std::move(waveform), first](int64_t from, int64_t count, float* out) {
            whole.read(first + from, count, out);
          }};
}

WaveformSource normalized(WaveformSource waveform) {
  WaveformScaling scaling;
  double sum = 0.0;
  for_each_piece(waveform, [&](std::span<const float> piece) { add_samples(piece, sum); });
  scaling.mean = sum / static_cast<double>(waveform.samples);
  double squares = 0.0;
  for_each_piece(waveform, [&](std::span<const float> piece) { add_squares(piece, scaling.mean, squares); });
  scaling.set_variance(squares / static_cast<double>(waveform.samples));
  const int64_t samples = waveform.samples;
  return {samples, [plain = std::move(waveform), scaling](int64_t first, int64_t count, float* out) {
            plain.read(first, count, out);
            scaling.apply({out, static_cast<size_t>(count)});
          }};
}

}  // namespace wav2vec
