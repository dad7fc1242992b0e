#pragma once
// Memory of one forward/backward pass: a stack. Forward pushes what backward will read; whoever marked
// rewinds. After the first steps nothing is allocated any more.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
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
  std::span<float> push_floats(int64_t count) { return push_array<float>(count); }
  std::span<double> push_doubles(int64_t count) { return push_array<double>(count); }
  std::span<int64_t> push_integers(int64_t count) { return push_array<int64_t>(count); }
  /// Uninitialised activations; `lengths` must outlive the view (usually pushed too).
  Activations push(int64_t batch, int64_t frames, int64_t channels, std::span<const int64_t> lengths,
                   DType dtype = DType::f32);
  Activations push_like(const Activations& x, DType dtype) {
    return push(x.batch, x.frames, x.channels, x.lengths, dtype);
  }
  Activations push_like(const Activations& x) { return push_like(x, x.dtype); }
  std::span<Bf16> push_bf16(int64_t count) { return push_array<Bf16>(count); }
  /// Of anything that may be written without having been constructed.
  template <class T>
  std::span<T> push_array(int64_t count) {
    static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= 64);
    const auto n = static_cast<size_t>(count);
    return {reinterpret_cast<T*>(push_bytes(n * sizeof(T))), n};
  }

  Mark mark() const { return top_; }
  void rewind(Mark mark) { top_ = mark; }

  /// Bytes owned.
  size_t capacity_bytes() const;
  /// How often memory was taken from the system; stops growing once every batch shape has been seen, since a
  /// block only ever gives way to a larger one.
  int64_t allocations() const { return allocations_; }

 private:
  struct Block;
  std::byte* push_bytes(size_t count);
  void next_block(size_t count);

  std::vector<std::unique_ptr<Block>> blocks_;  // those behind the top are free
  Mark top_;
  int64_t allocations_ = 0;
};

}  // namespace wav2vec
