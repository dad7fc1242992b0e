#pragma once
// Times the features and a training step of a network on noise.

#include <cstdint>
#include <map>
#include <string>

#include "wav2vec/config/model_presets.h"
#include "wav2vec/core/dtype.h"

namespace wav2vec::app {

struct StepOptions {
  ModelPreset model = ModelPreset::base;
  int64_t batch = 1;
  double seconds = 9.375;
  DType dtype = DType::f32;
  int64_t repeat = 4;
  uint64_t memory_bytes = 0;   ///< of one utterance's activations in extraction
  bool features_only = false;  ///< leaves out the step
  bool step_only = false;      ///< leaves out the features and the plain product
};

struct Timing {
  double best_seconds = 0.0;
  double median_seconds = 0.0;
};

struct StepMeasures {
  Timing features;  ///< z and c, no gradients
  Timing step;      ///< weights to bf16 if that is the dtype, forward, loss, backward; no optimiser
  std::map<std::string, double> stage_seconds;  ///< of the step; medians
  double features_flop = 0.0;                   ///< of the whole batch
  double step_flop = 0.0;
  double gemm_gflops = 0.0;  ///< measure_gemm_gflops
  int64_t peak_rss_mib = 0;  ///< of the step, without the measurement of the product
};

/// Each after one run to warm up. Throws ConfigError for bf16 on a CPU without it.
StepMeasures measure_step(const StepOptions& options);

}  // namespace wav2vec::app
