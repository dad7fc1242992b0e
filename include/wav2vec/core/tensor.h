#pragma once
// Activations of a batch of utterances: an address and a shape, no arithmetic and no ownership.

#include <cstddef>
#include <cstdint>
#include <span>

namespace wav2vec {

/// Row-major [batch, frames, channels], f32. Utterances of one batch may differ in length: item b is
/// valid in frames [0, lengths[b]); what lies behind is undefined and read by nobody, so a result never
/// depends on padding or on batch mates. Copies of the view share the memory; Workspace owns it.
struct Activations {
  float* data = nullptr;
  int64_t batch = 0;
  int64_t frames = 0;  ///< row capacity of every item: the longest length
  int64_t channels = 0;
  std::span<const int64_t> lengths;  ///< valid frames of each item, [batch]

  float* item(int64_t b) const { return data + b * frames * channels; }
  float* frame(int64_t b, int64_t t) const { return item(b) + t * channels; }
  int64_t size() const { return batch * frames * channels; }
  int64_t valid_frames() const {
    int64_t sum = 0;
    for (int64_t length : lengths) sum += length;
    return sum;
  }
};

}  // namespace wav2vec
