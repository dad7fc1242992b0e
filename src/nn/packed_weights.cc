#include "wav2vec/nn/packed_weights.h"

#include <algorithm>

#include "kernels/bf16_conv.h"
#include "kernels/cpu_features.h"
#include "nn/conv_shape.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/large_memory.h"

namespace wav2vec {

struct PackedWeights::Panels {
  ParameterId weight;
  kernels::ConvShape shape;
  LargeVector<Bf16> forward;
  LargeVector<Bf16> backward;
};

PackedWeights::PackedWeights(std::span<const Conv1d> convolutions, PackFor use) : use_(use) {
  resolve_dtype(DTypeChoice::bf16);
  for (const Conv1d& conv : convolutions) {
    const auto index = static_cast<size_t>(conv.weight.index);
    panels_.resize(std::max(panels_.size(), index + 1));
    Panels& panels = panels_[index];
    panels.weight = conv.weight;
    panels.shape = conv_shape(conv, 0);
    panels.forward.resize(static_cast<size_t>(kernels::bf16_forward_panel_elements(panels.shape)));
    if (use == PackFor::training)
      panels.backward.resize(static_cast<size_t>(kernels::bf16_backward_panel_elements(panels.shape)));
  }
}

PackedWeights::~PackedWeights() = default;
PackedWeights::PackedWeights(PackedWeights&&) noexcept = default;

void PackedWeights::refresh(const ParameterBlock& parameters) {
  for (Panels& panels : panels_) {
    if (!panels.weight) continue;
    const float* weight = parameters.data(panels.weight);
    if (use_ == PackFor::training) {
      kernels::bf16_pack_both(panels.shape, weight, panels.forward.data(), panels.backward.data());
    } else {
      kernels::bf16_pack_forward(panels.shape, weight, panels.forward.data());
    }
  }
}

const Bf16* PackedWeights::forward(ParameterId weight) const {
  return panels_[static_cast<size_t>(weight.index)].forward.data();
}

const Bf16* PackedWeights::backward(ParameterId weight) const {
  W2V_CHECK(use_ == PackFor::training, "the weights were packed for inference");
  return panels_[static_cast<size_t>(weight.index)].backward.data();
}

bool supports_bf16() { return kernels::has_avx512_bf16(); }

DType resolve_dtype(DTypeChoice choice) {
  if (choice == DTypeChoice::automatic) return supports_bf16() ? DType::bf16 : DType::f32;
  if (choice == DTypeChoice::bf16 && !supports_bf16())
    throw ConfigError("dtype bf16: this CPU has no AVX-512 bf16 instructions; use dtype f32 or auto");
  return choice == DTypeChoice::bf16 ? DType::bf16 : DType::f32;
}

}  // namespace wav2vec
