// docs/recipes.md against the field lists.

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sstream>
#include <string>
#include <vector>

#include "wav2vec/config/fbank_config.h"
#include "wav2vec/config/postprocess_config.h"
#include "wav2vec/config/pretrain_recipe.h"
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

std::vector<std::string> rows_of_page(std::string_view section) {
  constexpr uint64_t kPlenty = uint64_t{1} << 20;
  std::istringstream page(read_file(std::string(W2V_SOURCE_DIR) + "/docs/recipes.md", kPlenty));
  const std::string heading = fmt::format("## [{}]", section);
  bool inside = false;
  std::vector<std::string> rows;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("## ")) inside = line == heading;
    if (inside && line.starts_with("| `")) rows.push_back(line);
  }
  return rows;
}

}  // namespace

TEST_CASE("docs/recipes.md lists every key in its section, with type, default and meaning") {
  PretrainRecipe recipe;
  FbankConfig fbank;
  MfccConfig mfcc;
  PostprocessConfig postprocess;
  const auto pretrain = recipe.sections();
  std::vector<RecipeSection> sections(pretrain.begin(), pretrain.end());
  sections.push_back({"fbank", [&](FieldVisitor& v) { fbank.visit(v); }});
  sections.push_back({"mfcc", [&](FieldVisitor& v) { mfcc.visit(v); }});
  sections.push_back({"postprocess", [&](FieldVisitor& v) { postprocess.visit(v); }});
  for (const RecipeSection& section : sections) {
    RowWriter expected;
    section.visit(expected);
    CHECK_MESSAGE(rows_of_page(section.name) == expected.rows, "## [", section.name,
                  "] should have these rows:\n", fmt::format("{}", fmt::join(expected.rows, "\n")));
  }
}

TEST_CASE("every shipped recipe is valid") {
  const std::filesystem::path folder = std::filesystem::path(W2V_SOURCE_DIR) / "recipes" / "pretrain";
  int64_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".toml") continue;
    PretrainRecipe recipe;
    CHECK_NOTHROW(read_recipe(entry.path(), recipe.sections()));
    CHECK_NOTHROW(recipe.validate());
    ++count;
  }
  CHECK(count >= 4);
}

}  // namespace wav2vec
