#include "extract/repeated_edges.h"

#include <algorithm>

namespace wav2vec {

std::vector<float> read_with_repeated_edges(const FeatureRows& rows, int64_t first, int64_t count) {
  const int64_t channels = rows.channels;
  std::vector<float> out(static_cast<size_t>(count * channels));
  const int64_t low = std::clamp<int64_t>(first, 0, rows.frames - 1);
  const int64_t high = std::clamp<int64_t>(first + count - 1, 0, rows.frames - 1);
  const int64_t before = low - std::min(first, low);  // rows in front of `low`'s place
  float* inside = out.data() + before * channels;
  rows.read(low, high - low + 1, inside);
  for (int64_t i = 0; i < before; ++i) std::copy_n(inside, channels, out.data() + i * channels);
  const float* last = inside + (high - low) * channels;
  for (int64_t i = before + high - low + 1; i < count; ++i)
    std::copy_n(last, channels, out.data() + i * channels);
  return out;
}

}  // namespace wav2vec
