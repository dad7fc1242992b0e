#include "wav2vec/io/feature_rows.h"

#include <algorithm>
#include <vector>

#include "wav2vec/core/error.h"

namespace wav2vec {

FeatureRows rows_in_memory(const float* rows, int64_t frames, int64_t channels) {
  return {frames, channels, [rows, channels](int64_t first, int64_t count, float* out) {
            std::copy_n(rows + first * channels, count * channels, out);
          }};
}

void for_each_piece(const FeatureRows& rows,
                    const std::function<void(int64_t first, std::span<const float> piece)>& visit) {
  constexpr int64_t kMostRows = 4096;
  constexpr int64_t kMostValues = (int64_t{8} << 20) / int64_t{sizeof(float)};
  W2V_CHECK(rows.frames >= 0 && rows.channels > 0, "features are [frames, channels]");
  const int64_t most = std::min(std::clamp(kMostValues / rows.channels, int64_t{1}, kMostRows), rows.frames);
  std::vector<float> piece(static_cast<size_t>(most * rows.channels));
  for (int64_t first = 0; first < rows.frames; first += most) {
    const int64_t count = std::min(most, rows.frames - first);
    rows.read(first, count, piece.data());
    visit(first, std::span(piece).first(static_cast<size_t>(count * rows.channels)));
  }
}

}  // namespace wav2vec
