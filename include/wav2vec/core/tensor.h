#pragma once
// Activations of a batch of utterances: an address and a shape, no arithmetic and no ownership.

#include <cstddef>
#include <cstdint>
#include <span>

#include "wav2vec/core/dtype.h"

namespace wav2vec {

/// Row-major [batch, frames, channels]. Utterances of one batch may differ in length: item b is
/// valid in frames [0, lengths[b]); what lies behind is undefined and read by nobody, so a result never
/// depends on padding or on batch mates. Copies of the view share the memory; Workspace owns it.
///
/// Layers and the objective's predictions may be bf16; everybody else sees f32.
struct Activations {
  void* data = nullptr;
  int64_t batch = 0;
  int64_t frames = 0;  ///< row capacity of every item, at least the longest length
  int64_t channels = 0;
  std::span<const int64_t> lengths;  ///< valid frames of each item, [batch]
  DType dtype = DType::f32;

  /// For f32 activations.
  float* item(int64_t b) const { return static_cast<float*>(data) + b * frames * channels; }
  float* frame(int64_t b, int64_t t) const { return item(b) + t * channels; }
  /// For bf16 activations.
  Bf16* bf16_item(int64_t b) const { return static_cast<Bf16*>(data) + b * frames * channels; }

  /// For either type.
  void* address(int64_t b, int64_t t = 0) const {
    return static_cast<std::byte*>(data) +
           static_cast<size_t>((b * frames + t) * channels) * bytes_per_element(dtype);
  }

  int64_t length(int64_t b) const { return lengths[static_cast<size_t>(b)]; }
  int64_t size() const { return batch * frames * channels; }
  int64_t valid_frames() const {
    int64_t sum = 0;
    for (int64_t length : lengths) sum += length;
    return sum;
  }
};

}  // namespace wav2vec
