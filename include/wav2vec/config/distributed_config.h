#pragma once
// How several ranks train one run together: section [distributed] of a recipe.

#include <cstdint>
#include <string_view>

#include "wav2vec/config/fields.h"

namespace wav2vec {

/// Type of gradients on their way between ranks.
enum class WireType { f32, bf16 };
inline constexpr std::string_view kWireTypeNames[] = {"f32", "bf16"};

struct DistributedConfig {
  double bucket_mib = 4.0;
  bool overlap = true;
  WireType wire = WireType::f32;
  bool shard_optimizer = false;
  double timeout_seconds = 300.0;
  double rank0_timeout_seconds = 7200.0;

  void visit(FieldVisitor& v);
  void validate() const;
};

}  // namespace wav2vec
