#include "wav2vec/config/head_recipe.h"

#include <fmt/format.h>

#include "wav2vec/config/check_within.h"

namespace wav2vec {
void HeadTextConfig::visit(FieldVisitor& v) {
  v.choice("tokens", tokens, kTokenKindNames, "what the text tower reads: letters, or phones of espeak-ng");
  v.field("languages", languages, "of each manifest in data.train and then data.valid; one: of all");
  v.field("word_times", word_times, "CTMs with the times of words, where they are known");
  v.field("phone_times", phone_times, "CTMs with the times of phones, which name the first of head.sounds");
  v.field("phone_weight", phone_weight, "weight of the phones' loss per frame beside that of the alignment");
  v.field("letter_weight", letter_weight,
          "likewise of the letters that are heard without a text, for transcripts");
  v.field("letter_frame_weight", letter_frame_weight,
          "likewise of these letters at the frames where the alignment has them, without which CTC may learn "
          "that nothing is ever said");
  v.field("word_tolerance_seconds", word_tolerance_seconds, "a word may begin earlier and end later by this");
  v.field("longest_word_seconds", longest_word_seconds,
          "an utterance with a longer word is trained without times");
}

void HeadTextConfig::validate() const {
  if (languages.empty()) fail_field("text", "languages", "names none; give one at least");
  check_within("text", "phone_weight", phone_weight, 0.0, 1000.0);
  check_within("text", "letter_weight", letter_weight, 0.0, 1000.0);
  check_within("text", "letter_frame_weight", letter_frame_weight, 0.0, 1000.0);
  check_within("text", "word_tolerance_seconds", word_tolerance_seconds, 0.0, 10.0);
  check_within("text", "longest_word_seconds", longest_word_seconds, 0.0, 1e6);
}

std::vector<RecipeSection> HeadRecipe::sections() {
  return {recipe_section("model", model), recipe_section("head", head),       recipe_section("data", data),
          recipe_section("text", text),   recipe_section("augment", augment), recipe_section("join", join),
          recipe_section("optim", optim), recipe_section("train", train)};
}

void HeadRecipe::validate() const {
  model.validate();
  head.validate();
  data.validate();
  text.validate();
  augment.validate();
  join.validate();
  optim.validate();
  train.validate();
  const size_t manifests = data.train.size() + data.valid.size();
  if (text.languages.size() != 1 && text.languages.size() != manifests) {
    fail_field("text", "languages",
               fmt::format("{} languages for {} manifests; give one for each, or one for all",
                           text.languages.size(), manifests));
  }
}

}  // namespace wav2vec
