#pragma once
// Element types of activations. Parameters, statistics, losses and gradients of parameters are always f32.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wav2vec {

enum class DType { f32, bf16 };
inline constexpr std::string_view kDTypeNames[] = {"f32", "bf16"};

/// What a user may ask for; automatic: bf16 where the CPU has it.
enum class DTypeChoice { automatic, f32, bf16 };
inline constexpr std::string_view kDTypeChoiceNames[] = {"auto", "f32", "bf16"};

/// bfloat16: the upper half of an IEEE single.
struct Bf16 {
  uint16_t bits = 0;
};

constexpr size_t bytes_per_element(DType dtype) { return dtype == DType::f32 ? sizeof(float) : sizeof(Bf16); }

constexpr float to_float(Bf16 x) { return std::bit_cast<float>(static_cast<uint32_t>(x.bits) << 16); }

/// To nearest, ties to even; NaN stays NaN.
constexpr Bf16 to_bf16(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  if ((bits & 0x7FFFFFFFU) > 0x7F800000U) return {static_cast<uint16_t>((bits >> 16) | 0x40U)};
  return {static_cast<uint16_t>((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16)};
}

}  // namespace wav2vec
