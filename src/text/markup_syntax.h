#pragma once
// The first half of strip_markup(): what has a syntax of its own (tags, ASS blocks, entities) or cannot be
// seen.

#include <span>
#include <vector>

#include "wav2vec/text/markup.h"
#include "wav2vec/text/traced_text.h"

namespace wav2vec {

/// Text whose line breaks are all '\n', and what was left out.
MarkedText strip_syntax(std::span<const TracedCharacter> text);

/// Adds a mark, to the one before if that is of the same kind and ends where this one begins.
void add_mark(std::vector<Mark>& marks, const Mark& mark);

}  // namespace wav2vec
