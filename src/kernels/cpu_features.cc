#include "kernels/cpu_features.h"

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace wav2vec::kernels {
namespace {

struct Registers {
  uint32_t a = 0, b = 0, c = 0, d = 0;
};

Registers cpuid(uint32_t leaf, uint32_t subleaf) {
  Registers r;
  __get_cpuid_count(leaf, subleaf, &r.a, &r.b, &r.c, &r.d);
  return r;
}

bool bit(uint32_t word, int index) { return ((word >> index) & 1U) != 0; }

// Which register files the operating system saves.
uint32_t saved_state() {
  if (!bit(cpuid(1, 0).c, 27)) return 0;  // OSXSAVE
  uint32_t low = 0;
  uint32_t high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

bool detect_avx512() {
  constexpr uint32_t kVectorState = 0xE6;  // xmm, ymm, opmask, both halves of zmm
  const Registers seven = cpuid(7, 0);
  return bit(seven.b, 16) && bit(seven.b, 17) && bit(seven.b, 30) && bit(seven.b, 31) &&
         (saved_state() & kVectorState) == kVectorState;
}

bool detect_avx512_bf16() { return has_avx512() && bit(cpuid(7, 1).a, 5); }

bool detect_amx_bf16() {
  constexpr uint32_t kTileState = 0x60000;
  constexpr long kRequestPermission = 0x1023;
  constexpr long kTileData = 18;
  const Registers seven = cpuid(7, 0);
  return has_avx512_bf16() && bit(seven.d, 22) && bit(seven.d, 24) &&
         (saved_state() & kTileState) == kTileState &&
         ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

}  // namespace

bool has_avx512() {
  static const bool result = detect_avx512();
  return result;
}

bool has_avx512_bf16() {
  static const bool result = detect_avx512_bf16();
  return result;
}

bool has_amx_bf16() {
  static const bool result = detect_amx_bf16();
  return result;
}

}  // namespace wav2vec::kernels
