#pragma once
// Rows of one layer of one utterance, wherever they come from: the waveform, an array, or a convolution that
// is computed again.

#include <memory>
#include <vector>

#include "wav2vec/core/large_memory.h"
#include "wav2vec/core/scratch.h"
#include "wav2vec/model/layer_inference.h"
#include "wav2vec/nn/conv1d.h"

namespace wav2vec {

/// [frames, channels], without gaps.
struct RowView {
  void* data = nullptr;
  int64_t frames = 0;
  int64_t channels = 0;
  DType dtype = DType::f32;

  RowView slice(int64_t first, int64_t count) const {
    return {static_cast<std::byte*>(data) + static_cast<size_t>(first * channels) * bytes_per_element(dtype),
            count, channels, dtype};
  }
};

/// A view as a batch of one.
class OneItem {
 public:
  explicit OneItem(const RowView& rows)
      : length_{rows.frames}, x_{rows.data, 1, rows.frames, rows.channels, length_, rows.dtype} {}
  OneItem(const OneItem&) = delete;
  OneItem& operator=(const OneItem&) = delete;
  const Activations& operator*() const { return x_; }

 private:
  int64_t length_[1];
  Activations x_;
};

RowView push_rows(Workspace& workspace, int64_t frames, int64_t channels, DType dtype);

class RowSource {
 public:
  virtual ~RowSource() = default;
  /// Rows [first, first + count), valid until the next call. Cheap where `first` does not go back.
  virtual RowView rows(int64_t first, int64_t count) = 0;
};

/// Rows with the normalisation that whoever reads them applies; null norm: finished values.
struct NormedRows {
  RowSource* source = nullptr;
  const GroupNormActivation* norm = nullptr;
  NormStatistics statistics = {};
};

std::unique_ptr<RowSource> rows_of_waveform(const SampleRows& waveform);
/// Both must outlive what is returned.
std::unique_ptr<RowSource> rows_of_array(const ScratchArray& array, int64_t channels, DType dtype);

/// Rows [first, first + out.frames) of a convolution, in tiles of kTileFrames counted from `first`, which
/// must be at the start of one. moments: [out.frames, 2], or null.
void convolve(const Conv1d& conv, const Pass& pass, const NormedRows& input, int64_t first,
              const RowView& out, double* moments);

/// The output of a convolution, `frames` rows in all, computed in chunks when they are read. Keeps `below`;
/// the rest must outlive it.
std::unique_ptr<RowSource> rows_of_convolution(const Conv1d& conv, const Pass& pass,
                                               std::unique_ptr<RowSource> below, NormedRows input,
                                               int64_t frames, int64_t chunk_frames);

}  // namespace wav2vec
