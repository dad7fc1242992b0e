#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wav2vec::app {

/// Adds an option that takes one of `names`, where names[i] belongs to the value i of the enumeration.
template <class Enum, size_t n>
void add_choice(CLI::App& app, const std::string& flag, Enum& value, const std::string_view (&names)[n],
                const std::string& help) {
  std::string shown;
  for (const std::string_view name : names) shown += (shown.empty() ? "" : "|") + std::string(name);
  const auto choose = [&value, &names, flag, shown](const std::string& text) {
    for (size_t i = 0; i < n; ++i) {
      if (names[i] != text) continue;
      value = static_cast<Enum>(i);
      return;
    }
    throw CLI::ValidationError(flag, "\"" + text + "\" is none of " + shown);
  };
  app.add_option_function<std::string>(flag, choose, help)
      ->type_name(shown)
      ->default_str(std::string(names[static_cast<size_t>(value)]));
}

/// A number within bounds; CLI11's range lets a NaN through.
inline CLI::Validator number_in(double least, double most) {
  return CLI::Validator(
      [least, most](const std::string& text) {
        double value = 0.0;
        const bool usable = CLI::detail::lexical_cast(text, value) && value >= least && value <= most;
        return usable ? std::string()
                      : text + " is no number" + CLI::Range(least, most).get_description().substr(5);
      },
      CLI::Range(least, most).get_description(), "number");
}

/// --memory-gib: what inference keeps in memory of an utterance before it goes through scratch files.
inline void add_memory_option(CLI::App& app, double& memory_gib) {
  app.add_option(
         "--memory-gib", memory_gib,
         "memory for the activations of one recording; what does not fit goes through scratch files, with "
         "the same numbers")
      ->capture_default_str()
      ->check(number_in(0.0, 1e6));
}

inline constexpr double kDefaultMemoryGib = 0.625;

inline uint64_t bytes_of_gib(double gib) { return static_cast<uint64_t>(gib * 1073741824.0); }

/// For names: an empty one (an unset variable of a script) would mean the current folder or nothing at all.
inline CLI::Validator not_empty() {
  return CLI::Validator(
      [](const std::string& name) { return name.empty() ? "is empty; give a name" : std::string(); }, "",
      "not empty");
}

/// --set, one KEY=VALUE each time.
inline void add_set_option(CLI::App& app, std::vector<std::string>& overrides, const std::string& help) {
  app.add_option("--set", overrides, help)
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
}

}  // namespace wav2vec::app
