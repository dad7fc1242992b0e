#pragma once
// Everything that `wav2vec pretrain` is told: the sections [model], [objective], [data], [augment], [optim],
// [train], [distributed] and [probe].

#include <vector>

#include "wav2vec/config/augment_config.h"
#include "wav2vec/config/data_config.h"
#include "wav2vec/config/distributed_config.h"
#include "wav2vec/config/model_config.h"
#include "wav2vec/config/objective_config.h"
#include "wav2vec/config/recipe.h"
#include "wav2vec/config/train_config.h"
#include "wav2vec/config/training_probe_config.h"

namespace wav2vec {

struct PretrainRecipe {
  ModelConfig model;
  ObjectiveConfig objective;
  DataConfig data;
  AugmentConfig augment;
  OptimConfig optim;
  TrainConfig train;
  DistributedConfig distributed;
  TrainingProbeConfig probe;

  /// The sections in the order of the file; they refer to this recipe.
  std::vector<RecipeSection> sections();
  /// Each section by itself and the rules between them. Throws ConfigError.
  void validate() const;
};

/// The shortest utterance that makes one prediction, in samples.
int64_t shortest_useful_samples(const ModelConfig& model, const ObjectiveConfig& objective);

/// The sections that describe a trained network; what a model file carries.
std::vector<RecipeSection> network_sections(ModelConfig& model, ObjectiveConfig& objective);

}  // namespace wav2vec
