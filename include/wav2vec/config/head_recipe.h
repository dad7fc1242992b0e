#pragma once
// Everything that `wav2vec train-head` is told: the sections [model], [head], [data], [text], [augment],
// [join], [optim] and [train].

#include <string>
#include <vector>

#include "wav2vec/config/augment_config.h"
#include "wav2vec/config/data_config.h"
#include "wav2vec/config/head_config.h"
#include "wav2vec/config/join_config.h"
#include "wav2vec/config/model_config.h"
#include "wav2vec/config/recipe.h"
#include "wav2vec/config/token_kind.h"
#include "wav2vec/config/train_config.h"

namespace wav2vec {

/// What was said in the manifests: section [text].
struct HeadTextConfig {
  TokenKind tokens = TokenKind::letters;  ///< phones: what espeak-ng makes of a text
  std::vector<std::string> languages{
      "en"};                             ///< of each manifest in data.train and then data.valid; one: of all
  std::vector<std::string> word_times;   ///< CTMs of words
  std::vector<std::string> phone_times;  ///< CTMs of phones
  double phone_weight = 0.5;             ///< of the loss of their frames
  double letter_weight = 0.3;            ///< of the loss of letters without a text, for transcripts
  double letter_frame_weight = 0.3;      ///< of their loss at the frames where the alignment has them
  double word_tolerance_seconds = 0.05;  ///< a word may begin earlier and end later by this
  double longest_word_seconds = 1.5;     ///< times with a longer word are not used

  void visit(FieldVisitor& v);
  void validate() const;
};

struct HeadRecipe {
  ModelConfig model;  ///< where train.initial_model names none
  HeadConfig head;
  DataConfig data;
  HeadTextConfig text;
  AugmentConfig augment;
  JoinConfig join;
  OptimConfig optim;
  TrainConfig train;

  /// The sections in the order of the file; they refer to this recipe.
  std::vector<RecipeSection> sections();
  /// Throws ConfigError.
  void validate() const;
};

}  // namespace wav2vec
