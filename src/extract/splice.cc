#include "wav2vec/extract/splice.h"

#include <algorithm>
#include <vector>

#include "extract/repeated_edges.h"

namespace wav2vec {

FeatureRows splice(FeatureRows rows, const SpliceConfig& config) {
  config.validate();
  const int64_t context = config.left_context + config.right_context;
  if (context == 0) return rows;
  const int64_t width = rows.channels * (1 + context);
  const auto read = [rows, width, context, left = config.left_context](int64_t first, int64_t count,
                                                                       float* out) {
    if (count == 0) return;
    const std::vector<float> around = read_with_repeated_edges(rows, first - left, count + context);
    // Neighbouring rows lie one after the other: a stacked row is a view of them.
    for (int64_t t = 0; t < count; ++t)
      std::copy_n(around.data() + t * rows.channels, width, out + t * width);
  };
  return {rows.frames, width, read};
}

FeatureContract splice(FeatureContract contract, const SpliceConfig& config) {
  config.validate();
  const int64_t context = config.left_context + config.right_context;
  contract.channels *= 1 + context;
  contract.receptive_field_samples += context * contract.hop_samples;
  contract.first_sample -= config.left_context * contract.hop_samples;
  return contract;
}

}  // namespace wav2vec
