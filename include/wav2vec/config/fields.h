#pragma once
// One list of fields per struct, many readers: recipe files, --set, the resolved recipe, checkpoint metadata.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wav2vec/core/error.h"

namespace wav2vec {

/// Visits the fields of one recipe section in their documented order. A reader assigns, a writer reads.
class FieldVisitor {
 public:
  virtual ~FieldVisitor() = default;

  virtual void field(std::string_view name, int64_t& value, std::string_view help) = 0;
  virtual void field(std::string_view name, double& value, std::string_view help) = 0;
  virtual void field(std::string_view name, bool& value, std::string_view help) = 0;
  virtual void field(std::string_view name, std::string& value, std::string_view help) = 0;
  virtual void field(std::string_view name, std::vector<int64_t>& value, std::string_view help) = 0;
  virtual void field(std::string_view name, std::vector<double>& value, std::string_view help) = 0;
  virtual void field(std::string_view name, std::vector<std::string>& value, std::string_view help) = 0;
  /// A string that must be one of `allowed`.
  virtual void choice(std::string_view name, std::string& value, std::span<const std::string_view> allowed,
                      std::string_view help) = 0;

  /// An enumeration; `names[i]` belongs to the value i.
  template <class Enum, size_t n>
  void choice(std::string_view name, Enum& value, const std::string_view (&names)[n], std::string_view help) {
    std::string text(names[static_cast<size_t>(value)]);
    choice(name, text, std::span<const std::string_view>(names, n), help);
    for (size_t i = 0; i < n; ++i) {
      if (names[i] == text) value = static_cast<Enum>(i);
    }
  }
};

/// For validate(): throws ConfigError "[section] key: message".
[[noreturn]] void fail_field(std::string_view section, std::string_view key, const std::string& message);

}  // namespace wav2vec
