#include "model/row_source.h"

#include <algorithm>
#include <cstring>

namespace wav2vec {
namespace {

// Grows, never zeroes.
class Buffer {
 public:
  ~Buffer() { free_large(data_); }
  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  std::byte* data() const { return data_; }
  /// Keeps the first `kept` bytes.
  void reserve(size_t bytes, size_t kept) {
    if (bytes <= bytes_) return;
    auto* larger = static_cast<std::byte*>(allocate_large(bytes));
    if (kept > 0) std::memcpy(larger, data_, kept);
    free_large(data_);
    data_ = larger;
    bytes_ = bytes;
  }

 private:
  std::byte* data_ = nullptr;
  size_t bytes_ = 0;
};

class WaveformRows final : public RowSource {
 public:
  explicit WaveformRows(const SampleRows& waveform) : waveform_(waveform) {}

  RowView rows(int64_t first, int64_t count) override {
    buffer_.reserve(static_cast<size_t>(count) * sizeof(float), 0);
    waveform_.read(first, count, reinterpret_cast<float*>(buffer_.data()));
    return {buffer_.data(), count, 1, DType::f32};
  }

 private:
  const SampleRows& waveform_;
  Buffer buffer_;
};

class ArrayRows final : public RowSource {
 public:
  ArrayRows(const ScratchArray& array, int64_t channels, DType dtype)
      : array_(array), channels_(channels), dtype_(dtype) {}

  RowView rows(int64_t first, int64_t count) override {
    if (array_.memory() != nullptr)
      return RowView{array_.memory(), array_.rows(), channels_, dtype_}.slice(first, count);
    buffer_.reserve(static_cast<size_t>(count) * array_.bytes_per_row(), 0);
    array_.read(first, count, buffer_.data());
    return {buffer_.data(), count, channels_, dtype_};
  }

 private:
  const ScratchArray& array_;
  int64_t channels_;
  DType dtype_;
  Buffer buffer_;
};

class ConvolutionRows final : public RowSource {
 public:
  ConvolutionRows(const Conv1d& conv, const Pass& pass, std::unique_ptr<RowSource> below, NormedRows input,
                  int64_t frames, int64_t chunk_frames)
      : conv_(conv),
        pass_(pass),
        below_(std::move(below)),
        input_(input),
        frames_(frames),
        chunk_frames_(chunk_frames),
        bytes_per_row_(static_cast<size_t>(conv.out_channels) * bytes_per_element(pass.dtype())) {
    input_.source = below_.get();
  }

  RowView rows(int64_t first, int64_t count) override {
    start_at(first);
    while (end_ < first + count) append(std::min(chunk_frames_, frames_ - end_));
    return RowView{buffer_.data(), end_ - first_, conv_.out_channels, pass_.dtype()}.slice(first - first_,
                                                                                           count);
  }

 private:
  // Forgets the rows before `first`; whole chunks of the same grid are computed again after a jump.
  void start_at(int64_t first) {
    if (first < first_ || first > end_) {
      first_ = end_ = first / chunk_frames_ * chunk_frames_;
      return;
    }
    const auto gone = static_cast<size_t>(first - first_) * bytes_per_row_;
    const auto kept = static_cast<size_t>(end_ - first) * bytes_per_row_;
    if (gone > 0 && kept > 0) std::memmove(buffer_.data(), buffer_.data() + gone, kept);
    first_ = first;
  }

  void append(int64_t count) {
    const auto held = static_cast<size_t>(end_ - first_) * bytes_per_row_;
    buffer_.reserve(held + static_cast<size_t>(count) * bytes_per_row_, held);
    convolve(conv_, pass_, input_, end_, {buffer_.data() + held, count, conv_.out_channels, pass_.dtype()},
             nullptr);
    end_ += count;
  }

  const Conv1d& conv_;
  const Pass& pass_;
  std::unique_ptr<RowSource> below_;
  NormedRows input_;
  int64_t frames_;
  int64_t chunk_frames_;
  size_t bytes_per_row_;
  Buffer buffer_;  // rows [first_, end_)
  int64_t first_ = 0;
  int64_t end_ = 0;
};

}  // namespace

RowView push_rows(Workspace& workspace, int64_t frames, int64_t channels, DType dtype) {
  return {workspace.push(1, frames, channels, {}, dtype).data, frames, channels, dtype};
}

std::unique_ptr<RowSource> rows_of_waveform(const SampleRows& waveform) {
  return std::make_unique<WaveformRows>(waveform);
}

std::unique_ptr<RowSource> rows_of_array(const ScratchArray& array, int64_t channels, DType dtype) {
  return std::make_unique<ArrayRows>(array, channels, dtype);
}

void convolve(const Conv1d& conv, const Pass& pass, const NormedRows& input, int64_t first,
              const RowView& out, double* moments) {
  // In bf16 every frame is a product of its own.
  const int64_t tile = pass.dtype() == DType::f32 ? kTileFrames : out.frames;
  for (int64_t t = 0; t < out.frames; t += tile) {
    const int64_t frames = std::min(tile, out.frames - t);
    const OneItem x(input.source->rows((first + t) * conv.stride, (frames - 1) * conv.stride + conv.kernel));
    const OneItem y(out.slice(t, frames));
    conv1d_forward_item(conv, pass, {*x, input.norm, input.statistics}, 0, *y,
                        moments != nullptr ? moments + 2 * t : nullptr);
  }
}

std::unique_ptr<RowSource> rows_of_convolution(const Conv1d& conv, const Pass& pass,
                                               std::unique_ptr<RowSource> below, NormedRows input,
                                               int64_t frames, int64_t chunk_frames) {
  return std::make_unique<ConvolutionRows>(conv, pass, std::move(below), input, frames, chunk_frames);
}

}  // namespace wav2vec
