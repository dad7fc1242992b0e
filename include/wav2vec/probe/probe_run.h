#pragma once
// One probe from its recipe: every input with every label budget, learning rate and seed.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "wav2vec/config/probe_recipe.h"
#include "wav2vec/probe/probe_results.h"

namespace wav2vec {

struct ProbeOptions {
  std::filesystem::path model;    ///< as --model takes it; empty if no input needs one
  std::string command_line = {};  ///< for the report
  bool allow_shifted_labels = false;
  bool quiet = false;                                           ///< no progress bar: somebody else shows one
  std::function<bool()> stop_requested = [] { return false; };  ///< true: what is done so far is returned
};

/// Train, dev and test are disjoint by speaker (the task `speaker`: by utterance, each speaker in all three).
/// For each input and label budget every learning rate is tried with the first seed; the one with the fewest
/// errors on dev is used for all seeds. Seeds differ in initial weights, order and, where labels are fewer
/// than all, in the utterances that are chosen. Test is only looked at afterwards. Rates are those of all
/// seeds together, with intervals over speakers.
///
/// Throws ConfigError; DataError for manifests, labels or a lexicon that cannot be used, for labels that lie
/// shifted against the audio (probe/lag_detector.h) unless that is allowed, and for a training, dev or test
/// part that is empty.
ProbeResults run_probe(ProbeRecipe recipe, const ProbeOptions& options);

}  // namespace wav2vec
