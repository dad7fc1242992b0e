#include "wav2vec/train/validation.h"

#include <algorithm>
#include <iterator>

#include "wav2vec/data/batch_loader.h"
#include "wav2vec/train/training_batch.h"

namespace wav2vec {

ValidationResult validate_network(const PretrainingNetwork& network, const Pass& pass,
                                  const Manifest& manifest, const DataConfig& data, int64_t max_batches) {
  constexpr uint64_t kSeed = 0;
  BatchLoader loader(manifest, data, kSeed, {.start = {}, .single_pass = true, .crop = CropPlace::centre});
  ValidationResult result;
  for (int64_t n = 0; max_batches == 0 || n < max_batches; ++n) {
    AudioBatch batch = loader.next();
    if (batch.empty()) break;
    std::ranges::move(batch.failures, std::back_inserter(result.failures));
    const std::vector<uint64_t> keys = item_keys(batch);
    const Workspace::Mark mark = pass.workspace.mark();
    const Evaluation evaluation = evaluate_pass(network, pass, waveform_of(batch), {kSeed, keys});
    if (n == 0) {
      result.z = feature_statistics(evaluation.features.z);
      result.c = feature_statistics(evaluation.features.c);
    }
    pass.workspace.rewind(mark);
    result.sums += evaluation.sums;
    result.audio_seconds +=
        static_cast<double>(batch.total_samples()) / static_cast<double>(data.sample_rate);
  }
  return result;
}

}  // namespace wav2vec
