#include "wav2vec/core/large_memory.h"

#include <sys/mman.h>

#include <cstdlib>
#include <new>

namespace wav2vec {

void* allocate_large(size_t bytes) {
  constexpr size_t kVector = 64;
  constexpr size_t kHugePage = size_t{2} << 20;
  const size_t alignment = bytes >= kHugePage ? kHugePage : kVector;
  const size_t rounded = (bytes + kVector - 1) / kVector * kVector;
  if (rounded < bytes) throw std::bad_alloc();
  void* memory = nullptr;
  if (::posix_memalign(&memory, alignment, rounded) != 0) throw std::bad_alloc();
  if (alignment == kHugePage) ::madvise(memory, rounded / kHugePage * kHugePage, MADV_HUGEPAGE);
  return memory;
}

void free_large(void* memory) { std::free(memory); }

}  // namespace wav2vec
