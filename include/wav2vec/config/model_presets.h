#pragma once

#include <string_view>

#include "wav2vec/config/model_config.h"

namespace wav2vec {

/// The two networks of wav2vec 1.0, as in recipes/pretrain/wav2vec-base.toml and wav2vec-large.toml.
enum class ModelPreset { base, large };
inline constexpr std::string_view kModelPresetNames[] = {"base", "large"};

ModelConfig model_preset(ModelPreset preset);

}  // namespace wav2vec
