#include "wav2vec/config/train_config.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>

namespace wav2vec {
namespace {

constexpr int64_t kMost = 1'000'000'000'000;  // far from where sums and products of counts overflow

void check_range(std::string_view section, std::string_view key, int64_t value, int64_t least,
                 int64_t most = kMost) {
  if (value < least) fail_field(section, key, fmt::format("{} is below {}", value, least));
  if (value > most) fail_field(section, key, fmt::format("{} is above {}", value, most));
}

void check_not_negative(std::string_view key, double value) {
  if (!(value >= 0.0) || !std::isfinite(value))
    fail_field("optim", key, fmt::format("{} is not a finite number of at least 0", value));
}

}  // namespace

void OptimConfig::visit(FieldVisitor& v) {
  v.choice("optimizer", optimizer, kOptimizerNames, "fairseq's Adam, or AdamW");
  v.field("learning_rate", learning_rate, "peak learning rate");
  v.field("min_learning_rate", min_learning_rate, "learning rate at the end");
  v.field("beta1", beta1, "decay of the first moment");
  v.field("beta2", beta2, "decay of the second moment");
  v.field("eps", eps, "added to the root of the second moment");
  v.field("weight_decay", weight_decay, "decoupled weight decay");
  v.field("clip_norm", clip_norm, "global L2 norm that gradients are clipped to; 0 = off");
  v.choice("schedule", schedule, kScheduleNames, "course of the learning rate after the warm-up");
  v.field("warmup_updates", warmup_updates, "updates of linear warm-up");
  v.field("warmup_initial_rate", warmup_initial_rate, "learning rate of the first update");
  v.field("hold_updates", hold_updates, "updates at the peak before the decay (tri_stage)");
}

void OptimConfig::validate() const {
  check_not_negative("learning_rate", learning_rate);
  check_not_negative("min_learning_rate", min_learning_rate);
  check_not_negative("eps", eps);
  check_not_negative("weight_decay", weight_decay);
  check_not_negative("clip_norm", clip_norm);
  check_not_negative("warmup_initial_rate", warmup_initial_rate);
  if (learning_rate > 100)
    fail_field("optim", "learning_rate", fmt::format("{} is above 100", learning_rate));
  if (!(beta1 >= 0.0 && beta1 < 1.0))
    fail_field("optim", "beta1", fmt::format("{} is not within [0, 1)", beta1));
  if (!(beta2 >= 0.0 && beta2 < 1.0))
    fail_field("optim", "beta2", fmt::format("{} is not within [0, 1)", beta2));
  check_range("optim", "warmup_updates", warmup_updates, 0);
  check_range("optim", "hold_updates", hold_updates, 0);
}

void TrainConfig::visit(FieldVisitor& v) {
  v.field("max_updates", max_updates, "updates in all");
  v.choice("dtype", dtype, kDTypeChoiceNames,
           "products and stored activations; auto: bf16 where the CPU has it");
  v.field("accumulate_batches", accumulate_batches, "batches whose gradients make one update");
  v.field("seed", seed, "of initial weights, order, crops, negatives and dropout");
  v.field("initial_model", initial_model,
          "run, checkpoint or published model whose weights a new run begins with; empty = random");
  v.field("log_every", log_every, "updates between two lines of metrics");
  v.field("valid_every", valid_every, "updates between two validations");
  v.field("valid_batches", valid_batches, "batches per validation at most; 0 = all");
  v.field("save_every", save_every, "updates between two checkpoints");
  v.field("keep_last", keep_last, "checkpoints kept besides the best one");
  v.field("max_skipped_in_row", max_skipped_in_row, "non-finite updates in a row that stop the run");
}

void TrainConfig::validate() const {
  check_range("train", "max_updates", max_updates, 1);
  check_range("train", "accumulate_batches", accumulate_batches, 1, 100000);
  check_range("train", "seed", seed, 0, INT64_MAX);
  check_range("train", "log_every", log_every, 1);
  check_range("train", "valid_every", valid_every, 1);
  check_range("train", "valid_batches", valid_batches, 0);
  check_range("train", "save_every", save_every, 1);
  check_range("train", "keep_last", keep_last, 1, 1000000);
  check_range("train", "max_skipped_in_row", max_skipped_in_row, 1);
}

}  // namespace wav2vec
