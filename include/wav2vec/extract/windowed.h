#pragma once
// Features of fixed windows, each computed as if it were an utterance: an approximation of the whole
// utterance's features for streams, whose mean and variance are not known before they end.
// docs/performance.md has its measured error.

#include "wav2vec/extract/feature_extractor.h"

namespace wav2vec {

struct WindowOptions {
  double window_seconds = 10.0;
  double context_seconds = 1.0;  ///< read on both sides of a window beside the frames it contributes
};

/// As FeatureExtractor::extract, but every frame comes from the window in which it starts: windows begin at
/// multiples of window_seconds, rounded to frames of z, and are normalised (waveform and activations) over
/// themselves and their context. A last window of less than half the length belongs to the one before. The
/// number of frames and their places in time are those of the whole utterance. Throws ConfigError unless
/// window_seconds is at least one frame and context_seconds at least 0.
void extract_windows(FeatureExtractor& extractor, const WaveformSource& waveform,
                     std::span<const LayerId> layers, const WindowOptions& options,
                     const DeliverFeatures& deliver);

}  // namespace wav2vec
