#pragma once
// Synchronisers that hear that there is speech and not what is said: what a check has to beat. They are
// written anew after the ideas of ffsubsync (one offset, by cross-correlation) and alass (offsets that may
// change from cue to cue at a price), and are for measuring alone: no other room uses them.

#include <span>
#include <vector>

#include "wav2vec/align/word_times.h"
#include "wav2vec/benchmark/speech_track.h"

namespace wav2vec {

struct ReferenceSyncOptions {
  double search_seconds = 60.0;  ///< offsets within this
  /// Cues that fit perfectly that another offset must win (split_sync); of 2, 5 and 10 the best for it.
  double split_cues = 2.0;
};

struct ReferenceSync {
  double slope = 1.0;
  std::vector<double> offsets_seconds;  ///< of each cue: audio = slope · subtitle + offset
};

/// The ratio of frame rates and the one offset at which the cues' on and off agrees with the track's in most
/// frames. Without cues or frames nothing is moved.
ReferenceSync correlation_sync(const SpeechTrack& track, std::span<const TimeSpan> cues,
                               const ReferenceSyncOptions& options = {});

/// The ratio of frame rates that fits best with one offset for all; then each cue at the offset where it
/// overlaps a span of about its length best, of all paths through the cues the best one less what its splits
/// cost. `cues` in the order of their times.
ReferenceSync split_sync(const SpeechTrack& track, std::span<const TimeSpan> cues,
                         const ReferenceSyncOptions& options = {});

}  // namespace wav2vec
