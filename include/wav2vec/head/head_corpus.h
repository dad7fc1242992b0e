#pragma once
// The utterances that an alignment head is trained and validated on, each with what is said in it.

#include <cstdint>
#include <string>
#include <vector>

#include "wav2vec/config/head_recipe.h"
#include "wav2vec/data/frame_labels.h"
#include "wav2vec/data/manifest.h"
#include "wav2vec/head/spoken_text.h"

namespace wav2vec {

struct HeadPart {
  Manifest manifest;
  std::vector<SpokenText> texts;  ///< of each utterance

  int64_t with_times() const;
};

struct HeadCorpus {
  HeadPart train;
  HeadPart valid;
  LabelClasses phones;       ///< of text.phone_times
  int64_t without_text = 0;  ///< utterances that were left out because nothing in their text can be scored
  int64_t too_long = 0;      ///< likewise because they are longer than data.crop_samples
  uint64_t hash = 0;         ///< of what decides the training
};

/// `frame_times`: of the network's frames. Throws DataError and ConfigError as reading manifests, CTMs and
/// texts does, and when nothing is left to train on.
HeadCorpus load_head_corpus(const HeadRecipe& recipe, const FrameTimes& frame_times);

}  // namespace wav2vec
