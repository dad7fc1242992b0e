#pragma once
// The words of a transcript as a voice said them: two programs divide a text into words, each in its own way.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wav2vec/synthesis/voice.h"
#include "wav2vec/text/text_reader.h"

namespace wav2vec {

/// A text as a voice should get it: on one line, without what its reading takes for marks that are not
/// spoken. Empty where the reading has no words.
std::string voiced_text(std::string_view text, const TextReading& reading);

/// When the words of the usual reading of `text` are said; labels are those of the reading. Nothing where it
/// is not certain: a chunk between two blanks has words of the voice, but none of the reading, or several of
/// either in another number, or it is no plain word, so that they may be others ("$5" is five dollars or
/// dollar five), or a word has no length.
std::optional<std::vector<TimedLabel>> spoken_words(std::string_view text, const TextReading& reading,
                                                    std::span<const VoicedWord> voiced);

}  // namespace wav2vec
