#pragma once
// Other texts at right times, and cues that are too many, too few, joined or divided.

#include <span>
#include <string>

#include "check/text_pool.h"
#include "wav2vec/check/corruption.h"
#include "wav2vec/core/rng.h"

namespace wav2vec {

/// `share` of the texts for others of about as many characters; those whose turn (a shuffled order, the same
/// for all of one seed) is in [first, first + share) of all.
CorruptedSubtitle exchanged(std::string name, std::span<const CheckedText> cues, double first, double share,
                            TextPool& pool, const RandomStream& random);

/// Two cues in each pair have each other's text: neighbours or, else, some that are far apart.
CorruptedSubtitle swapped(std::string name, std::span<const CheckedText> cues, bool neighbours,
                          const RandomStream& random);

/// All texts, each elsewhere than before.
CorruptedSubtitle reordered(std::string name, std::span<const CheckedText> cues, const RandomStream& random);

/// In three cues of ten of five words and more, one word in four is left out.
CorruptedSubtitle condensed(std::string name, std::span<const CheckedText> cues, const RandomStream& random);

/// Three cues of ten of four words and more end after half of their words.
CorruptedSubtitle truncated(std::string name, std::span<const CheckedText> cues, const RandomStream& random);

/// In two cues of ten of four words and more, the longest word is that of another text.
CorruptedSubtitle misspoken(std::string name, std::span<const CheckedText> cues, TextPool& pool,
                            const RandomStream& random);

/// One cue in five is missing.
CorruptedSubtitle thinned(std::string name, std::span<const CheckedText> cues, const RandomStream& random);

/// One cue in ten comes again three to six seconds later.
CorruptedSubtitle repeated(std::string name, std::span<const CheckedText> cues, const RandomStream& random);

/// Cues of others' texts in every gap of 1.5 s and more.
CorruptedSubtitle with_phantoms(std::string name, std::span<const CheckedText> cues, TextPool& pool,
                                const RandomStream& random);

/// Three cues of ten of four words and more become two.
CorruptedSubtitle divided(std::string name, std::span<const CheckedText> cues, const RandomStream& random);

/// Neighbours that are less than 2 s apart become one, three of ten.
CorruptedSubtitle joined(std::string name, std::span<const CheckedText> cues, const RandomStream& random);

/// In the file in another order than in time.
CorruptedSubtitle out_of_order(std::string name, std::span<const CheckedText> cues,
                               const RandomStream& random);

/// Names of speakers, tags, dashes of two speakers, sounds in brackets, and notes as cues of their own.
CorruptedSubtitle with_marks(std::string name, std::span<const CheckedText> cues);

/// Each cue begins with the line of the one before, as subtitles that roll upwards do.
CorruptedSubtitle rolling(std::string name, std::span<const CheckedText> cues);

}  // namespace wav2vec
