#include "wav2vec/config/model_presets.h"

namespace wav2vec {

ModelConfig model_preset(ModelPreset preset) {
  ModelConfig model;
  if (preset == ModelPreset::base) return model;
  model.encoder_channels.assign(7, 512);
  model.encoder_kernels = {10, 8, 4, 4, 4, 1, 1};
  model.encoder_strides = {5, 4, 2, 2, 2, 1, 1};
  model.context_channels.assign(12, 512);
  model.context_kernels = {2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13};
  model.context_skip = true;
  model.log_compression = true;
  return model;
}

}  // namespace wav2vec
