#pragma once
// A fast probe while pretraining runs: section [probe] of its recipe.

#include <cstdint>
#include <string>
#include <vector>

#include "wav2vec/config/fields.h"

namespace wav2vec {

/// Which measure says that a checkpoint is the best so far.
enum class BestBy { loss, probe };
inline constexpr std::string_view kBestByNames[] = {"loss", "probe"};

struct TrainingProbeConfig {
  int64_t every = 0;
  BestBy best_by = BestBy::loss;
  std::vector<std::string> train;
  std::string labels;
  std::vector<std::string> ignored_labels = {"SIL", "sil", "sp", "<sil>", "<s>", "</s>", "[NOISE]"};
  double minutes = 20.0;
  int64_t updates = 300;
  double learning_rate = 3e-3;

  bool enabled() const { return every > 0; }
  void visit(FieldVisitor& v);
  void validate() const;
};

}  // namespace wav2vec
