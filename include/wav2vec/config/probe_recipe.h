#pragma once
// What `wav2vec probe` is told: sections [probe], [data], [head] and [train] of its recipe.

#include <cstdint>
#include <string>
#include <vector>

#include "wav2vec/config/probe_input.h"
#include "wav2vec/config/recipe.h"

namespace wav2vec {

/// - phone_frames, character_frames: the label of every labelled frame (share of wrong frames);
/// - phone_ctc: phones of the lexicon (PER); character_ctc: characters of the text (CER, WER);
/// - keyword: the text of the utterance, speaker: who speaks (share of wrong utterances).
enum class ProbeTask { phone_frames, character_frames, phone_ctc, character_ctc, keyword, speaker };
inline constexpr std::string_view kProbeTaskNames[] = {"phone_frames",  "character_frames", "phone_ctc",
                                                       "character_ctc", "keyword",          "speaker"};

inline bool has_frame_labels(ProbeTask task) {
  return task == ProbeTask::phone_frames || task == ProbeTask::character_frames;
}
inline bool is_ctc(ProbeTask task) {
  return task == ProbeTask::phone_ctc || task == ProbeTask::character_ctc;
}

struct ProbeConfig {
  ProbeTask task = ProbeTask::phone_frames;
  std::vector<std::string> inputs = {"mfcc+2", "logmel", "logmel[-20,0]", "random:z", "z", "random:c", "c"};
  std::string baseline = "logmel[-20,0]";
  std::vector<double> label_minutes = {0.0};
  std::vector<int64_t> seeds = {1, 2, 3};

  void visit(FieldVisitor& v);
  void validate() const;
  std::vector<ProbeInput> parsed_inputs() const;
};

struct ProbeDataConfig {
  std::vector<std::string> train;
  std::vector<std::string> test;
  double minutes = 0.0;
  double test_fraction = 0.2;
  double dev_fraction = 0.15;
  int64_t split_seed = 1;
  std::string labels;
  std::vector<std::string> ignored_labels = {"SIL", "sil", "sp", "<sil>", "<s>", "</s>", "[NOISE]"};
  double longest_label_seconds = 0.5;
  std::string lexicon;
  bool lower_case = true;

  void visit(FieldVisitor& v);
  void validate(ProbeTask task) const;
};

enum class ProbeHeadKind { linear, blstm };
inline constexpr std::string_view kProbeHeadKindNames[] = {"linear", "blstm"};

struct ProbeHeadConfig {
  ProbeHeadKind kind = ProbeHeadKind::linear;
  int64_t hidden = 128;
  int64_t frames_per_step = 1;

  void visit(FieldVisitor& v);
  void validate() const;
};

struct ProbeTrainConfig {
  std::vector<double> learning_rates = {3e-4, 1e-3, 3e-3, 1e-2};
  int64_t updates = 1000;
  int64_t batch_utterances = 16;
  int64_t evaluations = 10;
  double clip_norm = 0.0;
  double tuned_rate_factor = 0.1;

  void visit(FieldVisitor& v);
  void validate() const;
};

struct ProbeDecodingConfig {
  int64_t beam = 0;
  std::string language_model;
  double language_model_weight = 1.0;
  double word_bonus = 0.0;

  void visit(FieldVisitor& v);
  void validate() const;
};

struct ProbeRecipe {
  ProbeConfig probe;
  ProbeDataConfig data;
  ProbeHeadConfig head;
  ProbeTrainConfig train;
  ProbeDecodingConfig decoding;

  std::vector<RecipeSection> sections();
  /// Throws ConfigError.
  void validate() const;
};

}  // namespace wav2vec
