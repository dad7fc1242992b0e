#pragma once
// Parameters and gradients: one flat f32 block each, the parameters in it sorted by name, so that the
// optimiser, the all-reduce and the checkpoint are loops over one span and every rank and file agrees on the
// order. Layers hold handles; they own no values.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wav2vec/core/large_memory.h"

namespace wav2vec {

/// Names a parameter of a ParameterLayout; default-constructed: "there is none".
struct ParameterId {
  int32_t index = -1;
  explicit operator bool() const { return index >= 0; }
};

enum class ParameterInit { uniform, ones, zeros };

/// How the compute layout (what the flat block holds) relates to the checkpoint's PyTorch shape.
enum class WeightOrder {
  same,             ///< vectors
  reversed,         ///< Conv1d: checkpoint [out, in, kernel], block [kernel, in, out]
  step_projection,  ///< head: checkpoint [in, out, 1, steps], block [in, steps, out]
};

struct ParameterSpec {
  std::string name;            ///< the state-dict key of fairseq's wav2vec
  std::vector<int64_t> shape;  ///< as in a PyTorch checkpoint
  WeightOrder order = WeightOrder::same;
  ParameterInit init = ParameterInit::zeros;
  double init_bound = 0.0;  ///< uniform: U(−bound, bound)
  int64_t size = 0;
  int64_t offset = 0;  ///< in the flat block; set by freeze()
};

class ParameterLayout {
 public:
  ParameterId add(ParameterSpec spec);
  /// Sorts by name and fixes the offsets; no add() afterwards. Throws ConfigError above 2^31 values, which no
  /// machine this is for can train.
  void freeze();

  const ParameterSpec& operator[](ParameterId id) const { return specs_[static_cast<size_t>(id.index)]; }
  int64_t total_size() const { return total_size_; }
  /// Handles in the order of the flat block.
  std::span<const ParameterId> by_name() const { return by_name_; }

 private:
  std::vector<ParameterSpec> specs_;
  std::vector<ParameterId> by_name_;
  int64_t total_size_ = 0;
};

/// Values for every parameter of a layout (parameters, gradients, Adam's moments). The layout must outlive
/// it.
class ParameterBlock {
  template <class Values>
  auto span_of(Values& values, ParameterId id) const {
    const ParameterSpec& spec = (*layout_)[id];
    return std::span(values).subspan(static_cast<size_t>(spec.offset), static_cast<size_t>(spec.size));
  }

 public:
  explicit ParameterBlock(const ParameterLayout& layout);

  const ParameterLayout& layout() const { return *layout_; }
  std::span<float> flat() { return values_; }
  std::span<const float> flat() const { return values_; }
  std::span<float> operator[](ParameterId id) { return span_of(values_, id); }
  std::span<const float> operator[](ParameterId id) const { return span_of(values_, id); }
  /// nullptr where there is no such parameter.
  float* data(ParameterId id) { return id ? (*this)[id].data() : nullptr; }
  const float* data(ParameterId id) const { return id ? (*this)[id].data() : nullptr; }
  void zero();

 private:
  const ParameterLayout* layout_;
  LargeVector<float> values_;
};

/// PyTorch's initial values (SPEC: nothing custom), from counter-based random numbers keyed by the name.
void initialize_parameters(ParameterBlock& parameters, uint64_t seed);

/// Checkpoint order <-> compute order of one parameter; both spans have spec.size elements.
void to_checkpoint_order(const ParameterSpec& spec, std::span<const float> block,
                         std::span<float> checkpoint);
void from_checkpoint_order(const ParameterSpec& spec, std::span<const float> checkpoint,
                           std::span<float> block);

/// Fills every parameter of the block from a checkpoint: `read` gets a spec and fills spec.size values in
/// checkpoint order, or throws.
void load_parameters(ParameterBlock& parameters,
                     const std::function<void(const ParameterSpec&, std::span<float>)>& read);

/// A copy of one parameter in checkpoint order.
std::vector<float> checkpoint_values(const ParameterBlock& parameters, ParameterId id);

}  // namespace wav2vec
