#include "wav2vec/core/large_memory.h"

#include <malloc.h>
#include <sys/mman.h>

#include <cstdlib>
#include <new>

namespace wav2vec {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;

}  // namespace

void* allocate_large(size_t bytes) {
  constexpr size_t kVector = 64;
  const size_t alignment = bytes >= kHugePage ? kHugePage : kVector;
  const size_t rounded = (bytes + kVector - 1) / kVector * kVector;
  if (rounded < bytes) throw std::bad_alloc();
  void* memory = nullptr;
  if (::posix_memalign(&memory, alignment, rounded) != 0) throw std::bad_alloc();
  if (alignment == kHugePage) ::madvise(memory, rounded / kHugePage * kHugePage, MADV_HUGEPAGE);
  return memory;
}

void free_large(void* memory) {
  // The allocator may keep what is freed; its pages go back all the same.
  const size_t bytes = ::malloc_usable_size(memory);
  if (bytes >= kHugePage) ::madvise(memory, bytes / kHugePage * kHugePage, MADV_DONTNEED);
  std::free(memory);
}

}  // namespace wav2vec
