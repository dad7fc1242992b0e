#pragma once

#include <string_view>

namespace wav2vec {

/// Activation after every normalisation. GELU is the exact one, n·Φ(n) with the error function.
enum class Activation { relu, gelu };
inline constexpr std::string_view kActivationNames[] = {"relu", "gelu"};

}  // namespace wav2vec
