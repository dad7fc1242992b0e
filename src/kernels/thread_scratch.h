#pragma once
// Memory that one thread uses inside one kernel call; kept for the next call.

#include <cstddef>

namespace wav2vec::kernels {

enum class ScratchSlot { operand, result, other };

/// At least `bytes` bytes, 64-byte aligned, contents undefined; valid until the thread asks for the same slot
/// again.
void* thread_scratch(ScratchSlot slot, size_t bytes);

}  // namespace wav2vec::kernels
