#include "kernels/thread_scratch.h"

#include <array>
#include <cstdlib>
#include <memory>
#include <new>

namespace wav2vec::kernels {
namespace {

struct Free {
  void operator()(void* p) const { std::free(p); }
};

struct Buffer {
  std::unique_ptr<void, Free> memory;
  size_t bytes = 0;
};

}  // namespace

void* thread_scratch(ScratchSlot slot, size_t bytes) {
  constexpr size_t kPage = 4096;
  static thread_local std::array<Buffer, 3> buffers;
  Buffer& buffer = buffers[static_cast<size_t>(slot)];
  if (bytes > buffer.bytes) {
    const size_t rounded = (bytes + kPage - 1) / kPage * kPage;
    buffer.memory.reset(std::aligned_alloc(kPage, rounded));
    buffer.bytes = buffer.memory == nullptr ? 0 : rounded;
    if (buffer.memory == nullptr) throw std::bad_alloc();
  }
  return buffer.memory.get();
}

}  // namespace wav2vec::kernels
