#pragma once
// Characters in the one form that the scanner of numbers and words knows: digits of every script as 0–9, wide
// and small forms as the usual ones, one apostrophe, one hyphen. Blanks are ' ', line breaks '\n', and blanks
// that may stand inside a number U+00A0. Signs that nobody reads out (™ © ®) become blanks.

#include <span>

#include "wav2vec/text/traced_text.h"

namespace wav2vec {

TracedText fold(std::span<const TracedCharacter> text);

}  // namespace wav2vec
