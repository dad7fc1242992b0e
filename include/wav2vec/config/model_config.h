#pragma once
// The network: section [model] of a recipe.

#include <cstdint>
#include <vector>

#include "wav2vec/config/fields.h"
#include "wav2vec/core/activation.h"

namespace wav2vec {

enum class ContextPadding { replicate, zero };
inline constexpr std::string_view kContextPaddingNames[] = {"replicate", "zero"};

/// wav2vec 1.0 (Schneider et al. 2019): convolutional encoder samples -> z, causal convolutional context
/// network z -> c. The defaults are the paper's base model.
struct ModelConfig {
  std::vector<int64_t> encoder_channels{512, 512, 512, 512, 512};
  std::vector<int64_t> encoder_kernels{10, 8, 4, 4, 4};
  std::vector<int64_t> encoder_strides{5, 4, 2, 2, 2};
  bool encoder_skip = false;
  std::vector<int64_t> context_channels{512, 512, 512, 512, 512, 512, 512, 512, 512};
  std::vector<int64_t> context_kernels{3, 3, 3, 3, 3, 3, 3, 3, 3};
  bool context_skip = false;
  double residual_scale = 0.5;
  bool log_compression = false;
  ContextPadding context_padding = ContextPadding::replicate;
  bool context_bias = true;
  bool norm_affine = true;
  Activation activation = Activation::relu;
  double dropout = 0.0;
  double dropout_features = 0.0;
  double dropout_context = 0.0;

  void visit(FieldVisitor& v);
  /// Throws ConfigError naming the key and the rule that it breaks.
  void validate() const;
};

/// Frame arithmetic of the encoder. Frame t reads samples [hop·t, hop·t + receptive_field).
struct FrameGeometry {
  int64_t receptive_field_samples = 1;
  int64_t hop_samples = 1;

  /// Frames of an utterance; 0 when it is shorter than the receptive field.
  int64_t frames_for(int64_t samples) const;
  /// Samples that `frames` frames read.
  int64_t samples_for(int64_t frames) const;
  int64_t first_sample_of(int64_t frame) const { return frame * hop_samples; }
  /// Middle of the receptive field of a frame, in samples.
  double center_sample_of(int64_t frame) const {
    return static_cast<double>(frame * hop_samples) + static_cast<double>(receptive_field_samples - 1) / 2.0;
  }
};

FrameGeometry encoder_geometry(const ModelConfig& config);

/// Frames of z that one frame of c reads (itself and the ones before).
int64_t context_frames(const ModelConfig& config);

}  // namespace wav2vec
