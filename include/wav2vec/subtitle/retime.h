#pragma once
// A subtitle file with other times.

#include <span>
#include <string>
#include <vector>

#include "wav2vec/subtitle/subtitle.h"

namespace wav2vec {

struct CueTimes {
  double start_seconds = 0.0;
  double end_seconds = 0.0;

  bool operator==(const CueTimes&) const = default;
};

std::vector<CueTimes> times_of(const Subtitle& subtitle);

/// The file's bytes in which only the fields of times that differ from the cue's are replaced, each in its
/// own style: digits, decimal mark, hours or none, frames or ticks. A fraction gets milliseconds where its
/// digits do not hold the new time (ASS stays at hundredths). Times inside a WebVTT cue's text move in
/// proportion. A time that the file does not say cannot be written. `times`: one for each cue, finite, less
/// than 10^15 seconds.
std::string retimed(const Subtitle& subtitle, std::span<const CueTimes> times);

}  // namespace wav2vec
