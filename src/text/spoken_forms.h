#pragma once
// What is said for numbers, signs and abbreviations, found in a folded text.

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "text/spoken_unit.h"
#include "wav2vec/text/traced_text.h"

namespace wav2vec {

struct SpokenTables;

/// Expensive to make. Not for several threads at once.
class SpokenForms {
 public:
  explicit SpokenForms(const std::string& language);
  ~SpokenForms();
  SpokenForms(SpokenForms&&) noexcept;

  /// The number or sign that begins at a character; nothing for a letter and for signs that nobody reads out.
  std::optional<SpokenUnit> unit_at(std::span<const TracedCharacter> text, size_t at) const;
  /// An abbreviation, where a word [at, end) was found.
  std::optional<SpokenUnit> abbreviation_at(std::span<const TracedCharacter> text, size_t at,
                                            size_t end) const;

 private:
  std::unique_ptr<SpokenTables> tables_;
};

}  // namespace wav2vec
