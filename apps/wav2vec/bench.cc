// wav2vec bench: how fast this machine trains and extracts.

#include <fmt/format.h>

#include <cmath>

#include <memory>
#include <nlohmann/json.hpp>

#include "choices.h"
#include "commands.h"
#include "measure_step.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/threads.h"
#include "wav2vec/nn/packed_weights.h"

namespace wav2vec::app {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  StepOptions step;
  DTypeChoice dtype = DTypeChoice::automatic;
  bool json = false;
  double memory_gib = kDefaultMemoryGib;
};

double rounded(double value, double per_unit) { return std::round(value * per_unit) / per_unit; }

// The keys of the PyTorch baseline that the speed is compared with, and ours behind them.
Json timing_json(const Timing& timing, double audio_seconds, double flop, double gemm_gflops) {
  const double gflops = flop / timing.median_seconds * 1e-9;
  return {{"best_s", rounded(timing.best_seconds, 1e4)},
          {"median_s", rounded(timing.median_seconds, 1e4)},
          {"audio_s_per_s", rounded(audio_seconds / timing.median_seconds, 100)},
          {"gflops", rounded(gflops, 1)},
          {"gemm_share", rounded(gflops / gemm_gflops, 1000)}};
}

ExitCode run(Options options, const GlobalOptions& global) {
  if (!std::isfinite(options.step.seconds))
    throw ConfigError("--seconds: not a number; give seconds, such as 9.375");
  options.step.dtype = resolve_dtype(options.dtype);
  options.step.memory_bytes = bytes_of_gib(options.memory_gib);
  const StepMeasures m = measure_step(options.step);
  const double audio_seconds = static_cast<double>(options.step.batch) * options.step.seconds;
  const int threads = set_compute_threads(global.threads);
  Json out{{"model", kModelPresetNames[static_cast<size_t>(options.step.model)]},
           {"dtype", options.step.dtype == DType::f32 ? "fp32" : "bf16"},
           {"batch", options.step.batch},
           {"seconds", options.step.seconds},
           {"threads", threads},
           {"features", timing_json(m.features, audio_seconds, m.features_flop, m.gemm_gflops)},
           {"peak_rss_mib", m.peak_rss_mib},
           {"gemm_gflops", rounded(m.gemm_gflops, 1)}};
  if (!options.step.features_only)
    out["step"] = timing_json(m.step, audio_seconds, m.step_flop, m.gemm_gflops);
  for (const auto& [stage, seconds] : m.stage_seconds) out["stages_s"][stage] = rounded(seconds, 1e5);
  if (options.json) {
    fmt::print("{}\n", out.dump());
    return ExitCode::ok;
  }
  fmt::print("{} model, {}, {} x {} s, {} threads; a plain product here: {:.0f} GFLOP/s\n",
             out["model"].get<std::string>(), kDTypeNames[static_cast<size_t>(options.step.dtype)],
             options.step.batch, options.step.seconds, threads, m.gemm_gflops);
  for (const char* what : {"features", "step"}) {
    if (!out.contains(what)) continue;
    const Json& t = out[what];
    fmt::print("{:<9} {:8.2f} audio seconds per second, {:5.0f} GFLOP/s, {:.0f} % of the plain product's\n",
               what, t["audio_s_per_s"].get<double>(), t["gflops"].get<double>(),
               100.0 * t["gemm_share"].get<double>());
  }
  for (const auto& [stage, seconds] : m.stage_seconds)
    fmt::print("  {:<9} {:7.2f} ms, {:.0f} % of the step\n", stage, seconds * 1e3,
               100.0 * seconds / m.step.median_seconds);
  fmt::print("peak memory {} MiB\n", m.peak_rss_mib);
  return ExitCode::ok;
}

}  // namespace

Command add_bench(CLI::App& program, const GlobalOptions& global) {
  CLI::App* app =
      program.add_subcommand("bench", "Measure the speed of features and training on this machine");
  auto options = std::make_shared<Options>();
  add_choice(*app, "--model", options->step.model, kModelPresetNames, "wav2vec 1.0 base or large");
  app->add_option("--batch", options->step.batch, "utterances at once")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  app->add_option("--seconds", options->step.seconds, "length of each")
      ->capture_default_str()
      ->check(number_in(0.1, 3600.0));
  add_choice(*app, "--dtype", options->dtype, kDTypeChoiceNames, "auto: bf16 where the CPU has it");
  app->add_option("--repeat", options->step.repeat, "timed runs, after one to warm up; medians are printed")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  add_memory_option(*app, options->memory_gib);
  app->add_flag("--features-only", options->step.features_only, "leave out the training step");
  app->add_flag("--json", options->json, "one JSON line on stdout");
  app->footer(
      "Example:\n"
      "  wav2vec --threads 2 bench --model base --batch 4 --seconds 9.375 --dtype bf16\n"
      "A step is forward, loss and backward, without the optimiser. Its stages are medians of their own: "
      "weights\n"
      "(in bf16, their copies made), forward, objective, backward. The plain product is oneDNN's; shares of "
      "it\n"
      "near or above 100 % mean that the machine was busier meanwhile.\n"
      "--json has the keys of bench/torch_baseline.py, whose f32 is \"fp32\", and gflops, gemm_share, "
      "stages_s.\n"
      "The audio is noise: speed does not depend on what is said. Compare figures of one run only.");
  return {app, [options, &global] { return run(*options, global); }};
}

}  // namespace wav2vec::app
