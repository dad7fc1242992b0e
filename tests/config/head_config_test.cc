// Section [head] of train-head's recipe and of a model file.

#include "wav2vec/config/head_config.h"

#include <doctest/doctest.h>

#include <string>

#include "wav2vec/config/recipe.h"
#include "wav2vec/core/error.h"

using namespace wav2vec;

namespace {

HeadConfig parsed(const std::string& text) {
  HeadConfig head;
  const std::vector<RecipeSection> sections{recipe_section("head", head)};
  parse_recipe(text, "here", sections);
  head.validate();
  return head;
}

}  // namespace

TEST_CASE("head config: what was written before fusion and contests were known is late and without them") {
  const HeadConfig head = parsed("[head]\nhidden = 64\nlstm_layers = 2\nsounds = 48\n");
  CHECK(head.hidden == 64);
  CHECK(head.fusion == Fusion::late);
  CHECK(head.match_weight == 0.0);
}

TEST_CASE("head config: written and read again it is the same") {
  HeadConfig head{.fusion = Fusion::early, .attention_channels = 7, .match_weight = 0.25};
  const std::vector<RecipeSection> sections{recipe_section("head", head)};
  const HeadConfig again = parsed(format_recipe("", sections));
  CHECK(again.fusion == Fusion::early);
  CHECK(again.attention_channels == 7);
  CHECK(again.match_weight == 0.25);
}

TEST_CASE("head config: values that mean nothing are refused") {
  for (const char* line :
       {"fusion = \"sideways\"", "attention_channels = 0", "attention_dropout = 1.0", "match_weight = -0.1",
        "match_negatives = 0", "match_temperature = 0.0", "match_temperature = nan"}) {
    CAPTURE(line);
    CHECK_THROWS_AS(parsed(std::string("[head]\n") + line + "\n"), ConfigError);
  }
}
