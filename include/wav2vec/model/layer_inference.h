#pragma once
// Inference over one utterance of any length in bounded memory: the output of every block, the same numbers
// whatever is kept where.
//
// Every normalisation needs the mean and variance of its convolution's output over the whole utterance, so
// block after block the utterance passes by in chunks: one pass convolves, collects the statistics and keeps
// the convolution's output in a ScratchArray; the next one reads it, normalises it on the way and convolves
// again. The outputs of the lowest blocks are the largest by far; in a long utterance they are not kept but
// computed again in every pass that reads them. Products run over tiles of fixed size at fixed places and
// moments are merged in blocks of fixed size, so that neither chunks nor what is kept change a bit.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "wav2vec/config/layer_id.h"
#include "wav2vec/core/scratch.h"
#include "wav2vec/model/wav2vec_model.h"

namespace wav2vec {

/// Samples of an utterance, read in any order and more than once.
struct SampleRows {
  int64_t samples = 0;
  std::function<void(int64_t first, int64_t count, float* out)> read;
};

/// A layer's output as f32, [frames, channels], read in any order and more than once.
struct LayerRows {
  int64_t frames = 0;
  int64_t channels = 0;
  std::function<void(int64_t first, int64_t count, float* out)> read;
};

/// Frames of every product in f32, on which its last bits depend.
inline constexpr int64_t kTileFrames = 4096;

struct InferenceOptions {
  int64_t chunk_frames = 4 * kTileFrames;        ///< of a pass; a multiple of kTileFrames
  std::optional<int64_t> first_kept_block = {};  ///< of the encoder; none: the lowest for which there is room
};

/// The lowest encoder block whose output is kept, and what all arrays take then at most at a time.
struct InferencePlan {
  int64_t first_kept_block = 0;
  uint64_t memory_bytes = 0;
  uint64_t file_bytes = 0;
};

/// Of the plans that fit the limits the one that computes least. If none fits, the one with the smallest
/// files, for the caller to see that it does not.
InferencePlan plan_inference(const Wav2VecModel& model, int64_t samples, DType dtype,
                             const ScratchLimits& limits);

/// Calls deliver(i, rows) for layers[i], in the order in which the network computes them; the rows are valid
/// during the call. The samples are at least one receptive field. Throws DiskError (core/scratch.h).
void infer_layers(const Wav2VecModel& model, const Pass& pass, ScratchSpace& scratch,
                  const SampleRows& waveform, std::span<const LayerId> layers,
                  const std::function<void(size_t i, const LayerRows& rows)>& deliver,
                  const InferenceOptions& options = {});

}  // namespace wav2vec
