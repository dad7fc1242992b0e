#pragma once
// Element types of activations. Parameters, statistics, losses and gradients of parameters are always f32.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wav2vec {

enum class DType { f32, bf16 };
inline constexpr std::string_view kDTypeNames[] = {"f32", "bf16"};

/// bfloat16: the upper half of an IEEE single.
struct Bf16 {
  uint16_t bits = 0;
};

constexpr size_t bytes_per_element(DType dtype) { return dtype == DType::f32 ? sizeof(float) : sizeof(Bf16); }

}  // namespace wav2vec
