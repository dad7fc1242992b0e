#include "wav2vec/config/training_probe_config.h"

#include <fmt/format.h>

#include "wav2vec/core/error.h"

namespace wav2vec {

void TrainingProbeConfig::visit(FieldVisitor& v) {
  v.field("every", every, "updates between two probes, a multiple of train.valid_every; 0 = none");
  v.choice("best_by", best_by, kBestByNames,
           "what marks the best checkpoint: validation loss, or errors in c");
  v.field("train", train, "manifests of labelled speech, best of speakers that are not trained on");
  v.field("labels", labels, "CTM with the times of its phones");
  v.field("ignored_labels", ignored_labels, "labels that are no class, as silence");
  v.field("minutes", minutes, "of that speech that are used; a quarter of them is the test, by speaker");
  v.field("updates", updates, "of the probe's linear layer");
  v.field("learning_rate", learning_rate, "of the probe's linear layer");
}

void TrainingProbeConfig::validate() const {
  if (every < 0) fail_field("probe", "every", fmt::format("{} is below 0", every));
  if (!(minutes >= 1.0 && minutes <= 1e5))
    fail_field("probe", "minutes", fmt::format("{} is not within 1 to 100000", minutes));
  if (updates < 1 || updates > 1'000'000)
    fail_field("probe", "updates", fmt::format("{} is not within 1 to 1000000", updates));
  if (!(learning_rate > 0.0 && learning_rate <= 10.0))
    fail_field("probe", "learning_rate", fmt::format("{} is not within (0, 10]", learning_rate));
  if (best_by == BestBy::probe && !enabled())
    fail_field("probe", "best_by", "is \"probe\", but every is 0; set how often to probe");
  if (!enabled()) return;
  if (train.empty()) fail_field("probe", "train", "names no manifest");
  if (labels.empty()) fail_field("probe", "labels", "is missing; name a CTM with the times of phones");
}

}  // namespace wav2vec
