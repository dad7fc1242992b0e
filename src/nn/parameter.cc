#include "wav2vec/nn/parameter.h"

#include <fmt/format.h>

#include <algorithm>

#include "wav2vec/core/error.h"
#include "wav2vec/core/hash.h"
#include "wav2vec/core/rng.h"

namespace wav2vec {

ParameterId ParameterLayout::add(ParameterSpec spec) {
  W2V_CHECK(by_name_.empty(), "the layout is frozen");
  spec.size = 1;
  for (int64_t extent : spec.shape) spec.size *= extent;
  specs_.push_back(std::move(spec));
  return {static_cast<int32_t>(specs_.size()) - 1};
}

void ParameterLayout::freeze() {
  constexpr int64_t kMaxParameters = int64_t{1} << 31;
  for (size_t i = 0; i < specs_.size(); ++i) by_name_.push_back({static_cast<int32_t>(i)});
  std::sort(by_name_.begin(), by_name_.end(),
            [&](ParameterId a, ParameterId b) { return (*this)[a].name < (*this)[b].name; });
  for (ParameterId id : by_name_) {
    specs_[static_cast<size_t>(id.index)].offset = total_size_;
    total_size_ += (*this)[id].size;
  }
  if (total_size_ > kMaxParameters)
    throw ConfigError(
        fmt::format("[model]: {} parameters, at most {} are accepted; lower the channels or kernels",
                    total_size_, kMaxParameters));
}

ParameterBlock::ParameterBlock(const ParameterLayout& layout)
    : layout_(&layout), values_(static_cast<size_t>(layout.total_size()), 0.0F) {}

void ParameterBlock::zero() {
  float* const values = values_.data();
#pragma omp parallel for simd schedule(static)
  for (size_t i = 0; i < values_.size(); ++i) values[i] = 0.0F;
}

void initialize_parameters(ParameterBlock& parameters, uint64_t seed) {
  for (ParameterId id : parameters.layout().by_name()) {
    const ParameterSpec& spec = parameters.layout()[id];
    const std::span<float> values = parameters[id];
    if (spec.init != ParameterInit::uniform) {
      std::fill(values.begin(), values.end(), spec.init == ParameterInit::ones ? 1.0F : 0.0F);
      continue;
    }
    const RandomStream random(seed, RandomUse::initial_weights, {fnv1a64(spec.name)});
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<float>((2.0 * random.uniform(i) - 1.0) * spec.init_bound);
  }
}

namespace {

// Calls f(index in checkpoint order, index in compute order) for every element.
template <class F>
void for_each_element(const ParameterSpec& spec, F f) {
  if (spec.order == WeightOrder::same) {
    for (int64_t i = 0; i < spec.size; ++i) f(i, i);
    return;
  }
  // Conv1d: a = out, b = in, c = kernel; projection: a = in, b = out, c = steps.
  const int64_t a_extent = spec.shape[0];
  const int64_t b_extent = spec.shape[1];
  const int64_t c_extent = spec.shape.back();
  const bool reversed = spec.order == WeightOrder::reversed;
  // In tiles of rows of the checkpoint, so that both sides are walked along their memory.
  constexpr int64_t kTile = 32;
#pragma omp parallel for schedule(static)
  for (int64_t first = 0; first < a_extent; first += kTile) {
    const int64_t end = std::min(a_extent, first + kTile);
    for (int64_t b = 0; b < b_extent; ++b) {
      for (int64_t c = 0; c < c_extent; ++c) {
        for (int64_t a = first; a < end; ++a) {
          f((a * b_extent + b) * c_extent + c,
            reversed ? (c * b_extent + b) * a_extent + a : (a * c_extent + c) * b_extent + b);
        }
      }
    }
  }
}

}  // namespace

void to_checkpoint_order(const ParameterSpec& spec, std::span<const float> block,
                         std::span<float> checkpoint) {
  for_each_element(spec, [&](int64_t i, int64_t j) {
    checkpoint[static_cast<size_t>(i)] = block[static_cast<size_t>(j)];
  });
}

void from_checkpoint_order(const ParameterSpec& spec, std::span<const float> checkpoint,
                           std::span<float> block) {
  for_each_element(spec, [&](int64_t i, int64_t j) {
    block[static_cast<size_t>(j)] = checkpoint[static_cast<size_t>(i)];
  });
}

void load_parameters(ParameterBlock& parameters,
                     const std::function<void(const ParameterSpec&, std::span<float>)>& read) {
  const ParameterLayout& layout = parameters.layout();
  int64_t largest = 0;
  for (ParameterId id : layout.by_name()) largest = std::max(largest, layout[id].size);
  std::vector<float> memory(static_cast<size_t>(largest));
  for (ParameterId id : layout.by_name()) {
    const auto values = std::span(memory).first(static_cast<size_t>(layout[id].size));
    read(layout[id], values);
    from_checkpoint_order(layout[id], values, parameters[id]);
  }
}

std::vector<float> checkpoint_values(const ParameterBlock& parameters, ParameterId id) {
  const ParameterSpec& spec = parameters.layout()[id];
  std::vector<float> values(static_cast<size_t>(spec.size));
  to_checkpoint_order(spec, parameters[id], values);
  return values;
}

}  // namespace wav2vec
