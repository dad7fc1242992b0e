#pragma once
// Memory for large arrays: aligned for vector instructions and, where the system allows it, on huge pages,
// since kernels walk it with strides of many pages.

#include <cstddef>
#include <vector>

namespace wav2vec {

/// 64-byte aligned at least; throws std::bad_alloc.
void* allocate_large(size_t bytes);
void free_large(void* memory);

template <class T>
struct LargeAllocator {
  using value_type = T;
  LargeAllocator() = default;
  template <class U>
  explicit LargeAllocator(const LargeAllocator<U>&) {}
  T* allocate(size_t count) { return static_cast<T*>(allocate_large(count * sizeof(T))); }
  void deallocate(T* memory, size_t) { free_large(memory); }
  bool operator==(const LargeAllocator&) const { return true; }
};

template <class T>
using LargeVector = std::vector<T, LargeAllocator<T>>;

}  // namespace wav2vec
