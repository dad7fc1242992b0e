#pragma once
// Right texts at wrong times.

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "check/text_pool.h"
#include "wav2vec/check/corruption.h"
#include "wav2vec/core/draws.h"

namespace wav2vec {

/// Name and truth of a subtitle whose cues are still to come; the kind is the first word of the name.
CorruptedSubtitle empty_subtitle(std::string name, FileState expected, double end_seconds);

/// As it is.
CorruptedSubtitle untouched(std::string name, std::span<const CheckedText> cues);

/// Cues are shown at slope · seconds + shift.
CorruptedSubtitle stretched(std::string name, std::span<const CheckedText> cues, double slope, double shift,
                            std::string_view ratio = {});

/// What happened to the audio at one of its times: a scene of `seconds` was taken out (then the subtitle has
/// cues of it) or, where it is negative, one without subtitles put in.
struct Edit {
  double audio_seconds = 0.0;
  double seconds = 0.0;
};

/// Edits are moved to the nearest gap between two cues, but for one at 0.
CorruptedSubtitle edited(std::string name, std::span<const CheckedText> cues, std::span<const Edit> edits,
                         TextPool& pool, const RandomStream& random);

/// Starts and ends as `change` leaves them, put in order.
CorruptedSubtitle retouched(std::string name, std::span<const CheckedText> cues,
                            const std::function<void(CheckedText&)>& change);

/// loosened(), and 15 % of the cues are missing.
CorruptedSubtitle loose(std::string name, std::span<const CheckedText> cues, uint64_t seed);

/// Cues of the right length for texts of the pool that are not spoken, one after the other.
void add_unspoken(CorruptedSubtitle& subtitle, double from_seconds, double until_seconds, TextPool& pool,
                  const RandomStream& random);

}  // namespace wav2vec
