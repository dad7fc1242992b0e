#pragma once
// The bf16 copies of convolution weights, in the order in which the products read them. The f32 parameters
// stay the only truth: after every change of them, refresh().

#include <span>
#include <vector>

#include "wav2vec/core/dtype.h"
#include "wav2vec/nn/parameter.h"

namespace wav2vec {

struct Conv1d;

enum class PackFor { inference, training };

class PackedWeights {
 public:
  /// Throws ConfigError on a CPU without bf16 products (supports_bf16).
  PackedWeights(std::span<const Conv1d> convolutions, PackFor use);
  ~PackedWeights();
  PackedWeights(PackedWeights&&) noexcept;
  PackedWeights(const PackedWeights&) = delete;
  PackedWeights& operator=(const PackedWeights&) = delete;

  void refresh(const ParameterBlock& parameters);

  /// Of the convolution whose weight is `weight`; backward only if packed for training.
  const Bf16* forward(ParameterId weight) const;
  const Bf16* backward(ParameterId weight) const;

 private:
  struct Panels;
  std::vector<Panels> panels_;  // by ParameterId::index; empty where there is no such convolution
  PackFor use_;
};

/// Whether this CPU multiplies bf16 (AVX-512 BF16, faster with AMX).
bool supports_bf16();

/// Throws ConfigError if bf16 is asked for and missing.
DType resolve_dtype(DTypeChoice choice);

}  // namespace wav2vec
