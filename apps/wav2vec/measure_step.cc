#include "measure_step.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

#include "wav2vec/core/rng.h"
#include "wav2vec/model/layer_inference.h"
#include "wav2vec/model/pretraining_network.h"
#include "wav2vec/nn/gemm_rate.h"

namespace wav2vec::app {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return (v[(v.size() - 1) / 2] + v[v.size() / 2]) / 2.0;
}

template <class F>
Timing timed(int64_t repeat, F f) {
  f();
  std::vector<double> seconds;
  for (int64_t i = 0; i < repeat; ++i) {
    const auto start = Clock::now();
    f();
    seconds.push_back(seconds_since(start));
  }
  return {*std::min_element(seconds.begin(), seconds.end()), median(seconds)};
}

// The network with all that a step needs.
struct Bench {
  PretrainingNetwork network;
  ParameterBlock parameters, gradients;
  Workspace workspace;
  std::optional<PackedWeights> packed;
  std::vector<float> samples;
  std::vector<int64_t> lengths;
  std::vector<uint64_t> keys;

  explicit Bench(const StepOptions& options)
      : network(model_preset(options.model), ObjectiveConfig{}),
        parameters(network.layout),
        gradients(network.layout) {
    initialize_parameters(parameters, 1);
    if (options.dtype == DType::bf16) packed.emplace(convolutions_of(network), PackFor::training);
    const auto count = static_cast<int64_t>(options.seconds * 16000.0);
    const RandomStream random(1, RandomUse::crop, {});
    samples.reserve(static_cast<size_t>(options.batch * count));
    for (int64_t i = 0; i < options.batch * count; ++i)
      samples.push_back(static_cast<float>(random.uniform(static_cast<uint64_t>(i)) - 0.5));
    lengths.assign(static_cast<size_t>(options.batch), count);
    for (size_t b = 0; b < lengths.size(); ++b) keys.push_back(b);
    refresh();
  }

  Activations waveform() {
    return {samples.data(), static_cast<int64_t>(lengths.size()), lengths.front(), 1, lengths};
  }
  Pass pass(const TrainingRandom* random) {
    return {parameters, workspace, random, packed ? &*packed : nullptr};
  }
  // c of every utterance, as `wav2vec extract` computes it.
  void extract_features(ScratchSpace& scratch, std::vector<float>& features) {
    const LayerId layer = LayerId::c();
    const Pass without_dropout = pass(nullptr);
    for (size_t b = 0; b < lengths.size(); ++b) {
      const float* utterance = samples.data() + static_cast<int64_t>(b) * lengths[b];
      const SampleRows rows{lengths[b], [utterance](int64_t first, int64_t count, float* out) {
                              std::copy_n(utterance + first, count, out);
                            }};
      infer_layers(network.model, without_dropout, scratch, rows, {&layer, 1},
                   [&](size_t, const LayerRows& c) {
                     features.resize(static_cast<size_t>(c.frames * c.channels));
                     c.read(0, c.frames, features.data());
                   });
    }
  }
  void refresh() {
    if (packed) packed->refresh(parameters);
  }
};

// What only extraction needs is given back: the peak of a training process is that of its steps.
void measure_features(Bench& bench, const StepOptions& options, StepMeasures& measures) {
  ScratchSpace scratch({.memory_bytes = options.memory_bytes});
  std::vector<float> features;
  measures.features = timed(options.repeat, [&] { bench.extract_features(scratch, features); });
}

void measure_training(Bench& bench, int64_t repeat, StepMeasures& measures) {
  std::map<std::string, std::vector<double>> stages;
  measures.step = timed(repeat, [&] {
    Clock::time_point start = Clock::now();
    const auto done = [&](std::string_view stage) {
      stages[std::string(stage)].push_back(seconds_since(start));
      start = Clock::now();
    };
    bench.refresh();
    const GradientTarget target = start_gradients(bench.gradients);
    done("weights");
    const TrainingRandom random{1, bench.keys};
    train_pass(bench.network, bench.pass(&random), bench.waveform(), target, done);
  });
  for (const auto& [stage, seconds] : stages) measures.stage_seconds[stage] = median(seconds);
}

}  // namespace

StepMeasures measure_step(const StepOptions& options) {
  StepMeasures measures;
  {
    Bench bench(options);
    if (!options.step_only) measure_features(bench, options, measures);
    if (!options.features_only) measure_training(bench, options.repeat, measures);
    const PassFlops flops = pass_flops(bench.network, bench.lengths.front());
    measures.features_flop = flops.features * static_cast<double>(options.batch);
    measures.step_flop = flops.training * static_cast<double>(options.batch);
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    measures.peak_rss_mib = usage.ru_maxrss / 1024;
  }
  if (!options.step_only) measures.gemm_gflops = measure_gemm_gflops(options.dtype);
  return measures;
}

}  // namespace wav2vec::app
