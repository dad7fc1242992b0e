// Speed of the features and of one training step (forward, loss, backward; no optimiser), as one JSON line
// with the keys that wav2vec's PyTorch baseline prints:
//   step_speed [--model base|large] [--batch B] [--seconds S] [--threads N] [--repeat R]

#include <fmt/format.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>
#include <vector>

#include "wav2vec/config/pretrain_recipe.h"
#include "wav2vec/core/threads.h"
#include "wav2vec/model/pretraining_network.h"

namespace {

using namespace wav2vec;

struct Timing {
  double best = 0.0;
  double median = 0.0;
};

template <class F>
Timing timed(int repeat, F f) {
  f();
  std::vector<double> seconds;
  for (int i = 0; i < repeat; ++i) {
    const auto start = std::chrono::steady_clock::now();
    f();
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(seconds.begin(), seconds.end());
  const size_t n = seconds.size();
  return {seconds.front(), (seconds[(n - 1) / 2] + seconds[n / 2]) / 2.0};
}

std::string json(const Timing& t, double audio_seconds) {
  return fmt::format(R"({{"best_s": {:.4f}, "median_s": {:.4f}, "audio_s_per_s": {:.2f}}})", t.best, t.median,
                     audio_seconds / t.median);
}

std::vector<float> noise(int64_t samples) {
  const RandomStream random(1, RandomUse::crop, {});
  std::vector<float> out(static_cast<size_t>(samples));
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(random.uniform(i) - 0.5);
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Speed of features and training step"};
  std::string model = "base";
  int64_t batch = 1;
  double seconds = 9.375;
  int threads = 0;
  int repeat = 4;
  std::string dtype = "f32";
  app.add_option("--dtype", dtype)->check(CLI::IsMember({"f32", "bf16"}));
  app.add_option("--model", model)->check(CLI::IsMember({"base", "large"}));
  app.add_option("--batch", batch)->check(CLI::Range(1, 64));
  app.add_option("--seconds", seconds)->check(CLI::Range(0.1, 600.0));
  app.add_option("--threads", threads)->check(CLI::Range(0, 1024));
  app.add_option("--repeat", repeat)->check(CLI::Range(1, 1000));
  CLI11_PARSE(app, argc, argv);
  threads = set_compute_threads(threads);

  PretrainRecipe recipe;
  read_recipe(std::filesystem::path(W2V_SOURCE_DIR) / "recipes" / "pretrain" / ("wav2vec-" + model + ".toml"),
              recipe.sections());
  PretrainingNetwork network(recipe.model, recipe.objective);
  ParameterBlock parameters(network.layout);
  ParameterBlock gradients(network.layout);
  Workspace workspace;
  initialize_parameters(parameters, 1);
  std::optional<PackedWeights> packed;
  if (dtype == "bf16") packed.emplace(convolutions_of(network), PackFor::training);
  const auto refresh = [&] {
    if (packed) packed->refresh(parameters);
  };
  refresh();
  const auto samples = static_cast<int64_t>(seconds * 16000.0);
  std::vector<float> audio = noise(batch * samples);
  const std::vector<int64_t> lengths(static_cast<size_t>(batch), samples);
  std::vector<uint64_t> keys(static_cast<size_t>(batch));
  for (size_t b = 0; b < keys.size(); ++b) keys[b] = b;
  const Activations waveform{audio.data(), batch, samples, 1, lengths};

  const Timing features = timed(repeat, [&] {
    const auto mark = workspace.mark();
    wav2vec_forward(network.model, {parameters, workspace, nullptr, packed ? &*packed : nullptr}, waveform,
                    nullptr);
    workspace.rewind(mark);
  });
  const Timing step = timed(repeat, [&] {
    gradients.zero();
    refresh();
    const TrainingRandom random{1, keys};
    train_pass(network, {parameters, workspace, &random, packed ? &*packed : nullptr}, waveform, gradients);
  });
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const double audio_seconds = static_cast<double>(batch) * seconds;
  fmt::print(
      R"({{"model": "{}", "dtype": "{}", "batch": {}, "seconds": {}, "threads": {}, "features": {}, "step": {}, "peak_rss_mib": {}}})"
      "\n",
      model, dtype, batch, seconds, threads, json(features, audio_seconds), json(step, audio_seconds),
      usage.ru_maxrss / 1024);
}
