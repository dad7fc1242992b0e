#include "wav2vec/extract/subsample.h"

#include <algorithm>
#include <vector>

namespace wav2vec {
namespace {

// Source rows that are read at once: one call for many, as each may cost the rows around it.
constexpr int64_t kSourceRows = 1024;

}  // namespace

FeatureRows subsample(FeatureRows rows, const SubsampleConfig& config) {
  config.validate();
  const int64_t step = config.subsample;
  const int64_t offset = config.subsample_offset;
  if (step == 1) return rows;
  const int64_t frames = std::max<int64_t>((rows.frames - offset + step - 1) / step, 0);
  const auto read = [rows, step, offset](int64_t first, int64_t count, float* out) {
    if (count == 0) return;
    const int64_t per_call = std::max<int64_t>(kSourceRows / step, 1);
    std::vector<float> source(
        static_cast<size_t>(((std::min(per_call, count) - 1) * step + 1) * rows.channels));
    for (int64_t done = 0; done < count; done += per_call) {
      const int64_t now = std::min(per_call, count - done);
      rows.read(offset + (first + done) * step, (now - 1) * step + 1, source.data());
      for (int64_t t = 0; t < now; ++t)
        std::copy_n(source.data() + t * step * rows.channels, rows.channels,
                    out + (done + t) * rows.channels);
    }
  };
  return {frames, rows.channels, read};
}

FeatureContract subsample(FeatureContract contract, const SubsampleConfig& config) {
  config.validate();
  contract.first_sample += config.subsample_offset * contract.hop_samples;
  contract.first_frame_center_seconds += static_cast<double>(config.subsample_offset * contract.hop_samples) /
                                         static_cast<double>(contract.sample_rate_hz);
  contract.hop_samples *= config.subsample;
  return contract;
}

}  // namespace wav2vec
