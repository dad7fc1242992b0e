#pragma once
// Memory of one forward/backward pass: a stack. Forward pushes what backward will read; whoever marked
// rewinds. After the first steps nothing is allocated any more.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "wav2vec/core/tensor.h"

namespace wav2vec {

/// Not thread-safe: one Workspace belongs to one compute thread.
class Workspace {
 public:
  struct Mark {
    size_t block = 0;
    size_t used = 0;
  };

  Workspace();
  ~Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  /// Uninitialised memory, 64-byte aligned, valid until the mark before it is rewound.
  std::span<float> push_floats(int64_t count);
  std::span<double> push_doubles(int64_t count);
  std::span<int64_t> push_integers(int64_t count);
  /// Uninitialised activations; `lengths` must outlive the view (usually pushed too).
  Activations push(int64_t batch, int64_t frames, int64_t channels, std::span<const int64_t> lengths,
                   DType dtype = DType::f32);
  Activations push_like(const Activations& x, DType dtype) {
    return push(x.batch, x.frames, x.channels, x.lengths, dtype);
  }
  Activations push_like(const Activations& x) { return push_like(x, x.dtype); }
  std::span<Bf16> push_bf16(int64_t count);

  Mark mark() const { return top_; }
  void rewind(Mark mark) { top_ = mark; }

  /// Bytes owned.
  size_t capacity_bytes() const;
  /// How often memory was taken from the system; stops growing once every batch shape has been seen.
  int64_t allocations() const { return allocations_; }

 private:
  struct Block;
  std::byte* push_bytes(size_t count);

  std::vector<std::unique_ptr<Block>> blocks_;
  Mark top_;
  int64_t allocations_ = 0;
};

}  // namespace wav2vec
