#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <string_view>

namespace wav2vec::app {

/// Adds an option that takes one of `names`, where names[i] belongs to the value i of the enumeration.
template <class Enum, size_t n>
void add_choice(CLI::App& app, const std::string& flag, Enum& value, const std::string_view (&names)[n],
                const std::string& help) {
  std::map<std::string, Enum> values;
  std::string shown;
  for (size_t i = 0; i < n; ++i) {
    values.emplace(names[i], static_cast<Enum>(i));
    shown += (shown.empty() ? "" : "|") + std::string(names[i]);
  }
  CLI::CheckedTransformer one_of(values);
  one_of.description("");
  app.add_option(flag, value, help)
      ->transform(one_of)
      ->type_name(shown)
      ->default_str(std::string(names[static_cast<size_t>(value)]));
}

/// For names: an empty one (an unset variable of a script) would mean the current folder or nothing at all.
inline CLI::Validator not_empty() {
  return CLI::Validator(
      [](const std::string& name) { return name.empty() ? "is empty; give a name" : std::string(); }, "",
      "not empty");
}

}  // namespace wav2vec::app
