#include "kernels/thread_scratch.h"

#include <array>
#include <memory>

#include "wav2vec/core/large_memory.h"

namespace wav2vec::kernels {
namespace {

struct Free {
  void operator()(void* p) const { free_large(p); }
};

struct Buffer {
  std::unique_ptr<void, Free> memory;
  size_t bytes = 0;
};

}  // namespace

void* thread_scratch(ScratchSlot slot, size_t bytes) {
  static thread_local std::array<Buffer, 3> buffers;
  Buffer& buffer = buffers[static_cast<size_t>(slot)];
  if (bytes > buffer.bytes) {
    buffer.memory.reset();
    buffer.bytes = 0;
    buffer.memory.reset(allocate_large(bytes));
    buffer.bytes = bytes;
  }
  return buffer.memory.get();
}

}  // namespace wav2vec::kernels
