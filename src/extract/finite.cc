#include "extract/finite.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "wav2vec/core/error.h"

namespace wav2vec {

void check_finite(std::span<const float> piece, int64_t first_frame, int64_t channels) {
  const auto bad = std::find_if(piece.begin(), piece.end(), [](float x) { return !std::isfinite(x); });
  if (bad == piece.end()) return;
  const int64_t at = bad - piece.begin();
  throw DataError(fmt::format(
      "frame {}, channel {} is {}: cannot normalise features that are not finite; leave the utterance out",
      first_frame + at / channels, at % channels, *bad));
}

}  // namespace wav2vec
