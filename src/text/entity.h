#pragma once
// HTML's character references.

#include <cstddef>
#include <span>

#include "wav2vec/text/traced_text.h"

namespace wav2vec {

struct Entity {
  char32_t code = 0;
  size_t length = 0;  ///< in characters, with & and ;. 0: none begins here
};

/// What begins at text[0], a '&'.
Entity entity_at(std::span<const TracedCharacter> text);

}  // namespace wav2vec
