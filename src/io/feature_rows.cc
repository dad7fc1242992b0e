#include "wav2vec/io/feature_rows.h"

#include <algorithm>

namespace wav2vec {

FeatureRows rows_in_memory(const float* rows, int64_t frames, int64_t channels) {
  return {frames, channels, [rows, channels](int64_t first, int64_t count, float* out) {
            std::copy_n(rows + first * channels, count * channels, out);
          }};
}

}  // namespace wav2vec
