// docs/recipes.md against the field lists.

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <concepts>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "wav2vec/config/fbank_config.h"
#include "wav2vec/config/head_recipe.h"
#include "wav2vec/config/postprocess_config.h"
#include "wav2vec/config/pretrain_recipe.h"
#include "wav2vec/config/probe_recipe.h"
#include "wav2vec/core/file.h"

namespace wav2vec {
namespace {

std::string in_table(std::string_view text) {
  std::string out;
  for (char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

/// The rows that the page must have: "| `key` | type | default | meaning |".
class RowWriter : public FieldVisitor {
 public:
  void field(std::string_view name, int64_t& value, std::string_view help) override {
    row(name, "whole number", fmt::to_string(value), help);
  }
  void field(std::string_view name, double& value, std::string_view help) override {
    row(name, "number", fmt::to_string(value), help);
  }
  void field(std::string_view name, bool& value, std::string_view help) override {
    row(name, "true or false", value ? "true" : "false", help);
  }
  void field(std::string_view name, std::string& value, std::string_view help) override {
    row(name, "string", fmt::format("\"{}\"", value), help);
  }
  void field(std::string_view name, std::vector<int64_t>& value, std::string_view help) override {
    row(name, "whole numbers", fmt::format("[{}]", fmt::join(value, ", ")), help);
  }
  void field(std::string_view name, std::vector<double>& value, std::string_view help) override {
    row(name, "numbers", fmt::format("[{}]", fmt::join(value, ", ")), help);
  }
  void field(std::string_view name, std::vector<std::string>& value, std::string_view help) override {
    row(name, "strings", fmt::format("[{}]", fmt::join(value, ", ")), help);
  }
  void choice(std::string_view name, std::string& value, std::span<const std::string_view> allowed,
              std::string_view help) override {
    row(name, fmt::format("`\"{}\"`", fmt::join(allowed, "\"`, `\"")), fmt::format("\"{}\"", value), help);
  }

  std::vector<std::string> rows;

 private:
  void row(std::string_view name, std::string_view type, std::string_view value, std::string_view help) {
    rows.push_back(fmt::format("| `{}` | {} | `{}` | {} |", name, type, value, in_table(help)));
  }
};

std::vector<std::string> rows_of_page(const std::string& page_name, std::string_view section) {
  constexpr uint64_t kPlenty = uint64_t{1} << 20;
  std::istringstream page(read_file(std::string(W2V_SOURCE_DIR) + "/docs/" + page_name, kPlenty));
  const std::string heading = fmt::format("## [{}]", section);
  bool inside = false;
  std::vector<std::string> rows;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("## ")) inside = line == heading;
    if (inside && line.starts_with("| `")) rows.push_back(line);
  }
  return rows;
}

void check_page(const std::string& page, const std::vector<RecipeSection>& sections) {
  for (const RecipeSection& section : sections) {
    RowWriter expected;
    section.visit(expected);
    CHECK_MESSAGE(rows_of_page(page, section.name) == expected.rows, page, " ## [", section.name,
                  "] should have these rows:\n", fmt::format("{}", fmt::join(expected.rows, "\n")));
  }
}

template <class Recipe>
void check_shipped(const std::string& kind, int64_t least) {
  int64_t count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(W2V_SOURCE_DIR) / "recipes" / kind)) {
    if (entry.path().extension() != ".toml") continue;
    Recipe recipe;
    CHECK_NOTHROW(read_recipe(entry.path(), recipe.sections()));
    if constexpr (std::same_as<Recipe, ProbeRecipe>) {  // named on the command line
      recipe.data.labels = "labels.ctm";
      recipe.data.lexicon = "lexicon.txt";
    }
    CHECK_NOTHROW(recipe.validate());
    ++count;
  }
  CHECK(count >= least);
}

}  // namespace

TEST_CASE("the pages of recipes list every key in its section, with type, default and meaning") {
  PretrainRecipe pretrain;
  check_page("recipes.md", pretrain.sections());
  FbankConfig fbank;
  MfccConfig mfcc;
  PostprocessConfig postprocess;
  check_page("recipes.md", {{"fbank", [&](FieldVisitor& v) { fbank.visit(v); }},
                            {"mfcc", [&](FieldVisitor& v) { mfcc.visit(v); }},
                            {"postprocess", [&](FieldVisitor& v) { postprocess.visit(v); }}});
  ProbeRecipe probe;
  check_page("probe.md", probe.sections());
  HeadRecipe head;
  check_page("align.md", {recipe_section("head", head.head), recipe_section("text", head.text)});
}

TEST_CASE("every shipped recipe is valid") {
  check_shipped<PretrainRecipe>("pretrain", 4);
  check_shipped<ProbeRecipe>("probe", 5);
  check_shipped<HeadRecipe>("head", 1);
}

}  // namespace wav2vec
