#pragma once
// What a probe has to find out: classes, and the labels of every utterance.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "wav2vec/config/probe_recipe.h"
#include "wav2vec/data/frame_labels.h"
#include "wav2vec/data/manifest.h"
#include "wav2vec/probe/lexicon.h"

namespace wav2vec {

struct ProbeTargets {
  std::vector<std::string> classes;  ///< CTC: the first is the blank, ""
  /// By utterance. On frames: a class or −1 for each; CTC: the sequence; else one class. Empty: the utterance
  /// has none and is left out.
  std::vector<std::vector<int32_t>> labels = {};
  std::vector<std::string> texts = {};  ///< CTC: what was said, as the error rates read it
  int64_t unlabelled = 0;               ///< utterances left out
};

/// Sequences and whole utterances. `lexicon`: for phone_ctc. An utterance with a word that the lexicon does
/// not have is left out.
ProbeTargets utterance_targets(const ProbeRecipe& recipe, std::span<const Utterance> utterances,
                               const Lexicon* lexicon);

/// The times of the recipe's CTM with everything that is no class removed (silence, labels that are too
/// long); character_frames: words spread over their characters.
Alignment probe_alignment(const ProbeRecipe& recipe);

/// Those of these utterances alone, under their ids: labels of other speech are no classes here.
Alignment labels_of(const Alignment& alignment, std::span<const Utterance> utterances);

/// The same classes for all features; labels for frames at `times`, as many as each utterance has.
ProbeTargets frame_targets(const Alignment& alignment, std::span<const Utterance> utterances,
                           const FrameTimes& times, std::span<const int64_t> frames);

/// The labels of a hypothesis as text: phones with blanks between, characters as they are.
std::string text_of(ProbeTask task, const ProbeTargets& targets, std::span<const int32_t> labels);

}  // namespace wav2vec
