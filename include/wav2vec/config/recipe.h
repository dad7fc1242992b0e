#pragma once
// Recipes: flat TOML, one [section] per config struct. docs/recipes.md lists every key.

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "wav2vec/config/fields.h"

namespace wav2vec {

/// A named section and how to visit its fields.
struct RecipeSection {
  std::string name;
  std::function<void(FieldVisitor&)> visit;
};

/// The fields of a config struct, which must outlive the section.
template <class Config>
RecipeSection recipe_section(std::string name, Config& config) {
  return {std::move(name), [&config](FieldVisitor& v) { config.visit(v); }};
}

/// Assigns the fields that the file names; the others keep their values. Throws ConfigError
/// "file:line:column: …" for a syntax error, an unknown section or key (with the nearest known name), a wrong
/// type or a value that is not among the allowed ones.
void read_recipe(const std::filesystem::path& path, std::span<const RecipeSection> sections);

/// read_recipe from text; `name` stands for the file in messages.
void parse_recipe(std::string_view text, std::string_view name, std::span<const RecipeSection> sections);

/// One command-line override "section.key=value"; the value is written as in TOML, quotes around a string may
/// be left out. Throws ConfigError naming the override.
void apply_override(std::string_view override_text, std::span<const RecipeSection> sections);

/// The complete recipe with every field and its help as a comment; parse_recipe reads it back to the same
/// values, to the last bit. `head` becomes comment lines at the top.
std::string format_recipe(std::string_view head, std::span<const RecipeSection> sections);

}  // namespace wav2vec
