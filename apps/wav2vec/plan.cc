// wav2vec plan: what training on a cluster would take, from half a minute of measuring here.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "choices.h"
#include "commands.h"
#include "measure_step.h"
#include "wav2vec/config/data_config.h"
#include "wav2vec/config/distributed_config.h"
#include "wav2vec/config/train_config.h"
#include "wav2vec/core/duration.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"
#include "wav2vec/core/threads.h"
#include "wav2vec/model/pretraining_network.h"
#include "wav2vec/nn/packed_weights.h"
#include "wav2vec/train/optimizer.h"
#include "wav2vec/train/scaling_model.h"

namespace wav2vec::app {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

struct Options {
  ModelPreset model = ModelPreset::base;
  DTypeChoice dtype = DTypeChoice::automatic;
  WireType wire = WireType::f32;
  double hours = 0.0;
  double update_seconds = 750.0;
  int64_t updates = 400000;
  Cluster cluster;
  std::string network = "10Gbit";
  std::string deadline;
  std::string measured;
  bool json = false;
};

constexpr double kLeastMicroBatchSeconds = 9.375;  // one crop of the published recipes

// "10Gbit", "1.5 Mbit": bits per second.
double parse_rate(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  const std::string unit(end);
  const double scale = unit == "Gbit" ? 1e9 : unit == "Mbit" ? 1e6 : unit == "kbit" ? 1e3 : 0.0;
  if (!(value > 0.0) || scale == 0.0 || !std::isfinite(value))
    throw ConfigError(
        fmt::format("--network {}: expected bits per second such as 10Gbit or 100Mbit", printable(text)));
  return value * scale;
}

// "36h", "7d": seconds.
double parse_deadline(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  const std::string unit(end);
  const double scale = unit == "d" ? 86400.0 : unit == "h" ? 3600.0 : unit == "m" ? 60.0 : 0.0;
  if (!(value > 0.0) || scale == 0.0 || !std::isfinite(value))
    throw ConfigError(fmt::format("--deadline {}: expected a time such as 90m, 36h or 7d", printable(text)));
  return value * scale;
}

template <class F>
double best_of_three(F f) {
  double best = INFINITY;
  for (int i = 0; i < 3; ++i) {
    const Clock::time_point start = Clock::now();
    f();
    best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
  }
  return best;
}

MachineMeasures calibrate(const Options& options, const ParameterLayout& layout, int threads) {
  const StepOptions step{.model = options.model,
                         .seconds = kLeastMicroBatchSeconds,
                         .dtype = resolve_dtype(options.dtype),
                         .repeat = 3,
                         .step_only = true};
  MachineMeasures m{.threads = threads};
  set_compute_threads(1);
  StepMeasures all = measure_step(step);
  m.step_seconds_one_thread = all.step.best_seconds / step.seconds;
  set_compute_threads(threads);
  if (threads > 1) all = measure_step(step);
  m.step_seconds = all.step.best_seconds / step.seconds;
  m.backward_share = all.stage_seconds.at("backward") / all.step.median_seconds;
  ParameterBlock parameters(layout);
  ParameterBlock gradients(layout);
  AdamState adam(layout);
  const auto values = static_cast<double>(layout.total_size());
  m.update_seconds_per_value =
      best_of_three([&] {
        scale_gradients(gradients.flat(), 0.5);
        scale_gradients(gradients.flat(), clip_factor(gradient_norm(gradients.flat()), 1.0));
        adam_update({}, 1e-3, parameters, gradients, adam);
      }) /
      values;
  float* const into = parameters.flat().data();
  const float* const from = gradients.flat().data();
  m.add_seconds_per_value = best_of_three([&] {
                              for (int64_t i = 0; i < layout.total_size(); ++i) into[i] += from[i];
                            }) /
                            values;
  return m;
}

std::string_view model_name(const Options& options) {
  return kModelPresetNames[static_cast<size_t>(options.model)];
}
std::string_view dtype_name(const Options& options) {
  return kDTypeNames[static_cast<size_t>(resolve_dtype(options.dtype))];
}

// What an earlier plan measured, perhaps on another machine.
MachineMeasures read_measures(const Options& options) {
  const std::string path = printable(options.measured);
  const Json told = Json::parse(read_file(options.measured, 1 << 20), nullptr, false);
  try {
    if (told.at("model") != model_name(options) || told.at("dtype") != dtype_name(options))
      throw ConfigError(fmt::format("{}: was measured with another --model or --dtype than {} and {}", path,
                                    model_name(options), dtype_name(options)));
    const MachineMeasures m{.step_seconds_one_thread = told.at("step_seconds_one_thread"),
                            .step_seconds = told.at("step_seconds"),
                            .threads = told.at("threads"),
                            .backward_share = told.at("backward_share"),
                            .update_seconds_per_value = told.at("update_seconds_per_value"),
                            .add_seconds_per_value = told.at("add_seconds_per_value")};
    const bool possible = m.step_seconds_one_thread > 0.0 && m.step_seconds > 0.0 && m.threads > 0 &&
                          m.backward_share > 0.0 && m.backward_share < 1.0 &&
                          m.update_seconds_per_value > 0.0 && m.add_seconds_per_value > 0.0;
    if (!possible) throw DataError(fmt::format("{}: has times that cannot be; measure again", path));
    return m;
  } catch (const Json::exception&) {
    throw DataError(fmt::format("{}: expected one line of JSON, as plan --json prints it", path));
  }
}

int64_t most_ranks(const Options& options) {
  return std::max<int64_t>(1, static_cast<int64_t>(options.update_seconds / kLeastMicroBatchSeconds));
}

struct Proposal {
  Workload workload;
  ScalingPrediction prediction;
};

// The recipe's seconds per update in as many micro-batches as the ranks need, and the best bucket.
Proposal propose(const Options& options, const MachineMeasures& machine, Cluster cluster,
                 int64_t parameters) {
  const int64_t ranks = cluster.ranks();
  // As many as the published recipes have, if they do not become shorter than a crop.
  const auto per_rank =
      std::clamp<int64_t>(most_ranks(options) / ranks, 1, std::max<int64_t>(1, (8 + ranks - 1) / ranks));
  Workload work{.parameters = parameters,
                .update_audio_seconds = options.update_seconds,
                .micro_batches = ranks * per_rank,
                .wire_bytes_per_value = options.wire == WireType::bf16 ? 2.0 : 4.0,
                .audio_bytes_per_second = 20e3};  // FLAC of speech at 16 kHz
  Proposal best;
  // Beside the default others must be worth it.
  for (const double mib : {4.0, 1.0, 2.0, 8.0, 16.0, 32.0}) {
    work.bucket_bytes = mib * 1024.0 * 1024.0;
    const ScalingPrediction prediction = predict_scaling(machine, cluster, work);
    if (best.workload.parameters == 0 || prediction.update_seconds < 0.99 * best.prediction.update_seconds)
      best = {work, prediction};
  }
  return best;
}

struct Plan {
  MachineMeasures machine;
  Proposal proposal;
  double epoch_seconds = 0.0;
  double run_seconds = 0.0;
  std::vector<std::string> remarks;
};

// The least nodes that would do it, 0 if none do.
int64_t nodes_for(const Options& options, const MachineMeasures& machine, int64_t parameters,
                  double seconds) {
  Cluster cluster = options.cluster;
  for (cluster.nodes = 1; cluster.ranks() <= most_ranks(options); ++cluster.nodes) {
    if (propose(options, machine, cluster, parameters).prediction.update_seconds *
            static_cast<double>(options.updates) <=
        seconds)
      return cluster.nodes;
  }
  return 0;
}

void remark(const Options& options, int64_t parameters, Plan& plan) {
  const ScalingPrediction& p = plan.proposal.prediction;
  if (options.cluster.cores_per_node > 4 * plan.machine.threads)
    plan.remarks.push_back(fmt::format(
        "measured with up to {} threads; what {} cores of a node add is extrapolated by Amdahl's law. "
        "Run plan on such a node",
        plan.machine.threads, options.cluster.cores_per_node));
  if (p.efficiency < 0.7)
    plan.remarks.push_back(fmt::format(
        "only {:.0f} % of the ranks' speed arrives; fewer ranks, a faster network, --wire bf16 or a larger "
        "update would use them better",
        100.0 * p.efficiency));
  if (options.deadline.empty()) return;
  const double deadline = parse_deadline(options.deadline);
  if (plan.run_seconds <= deadline) {
    plan.remarks.push_back(fmt::format("{} updates are done within the deadline of {}", options.updates,
                                       format_duration(deadline)));
    return;
  }
  const int64_t nodes = nodes_for(options, plan.machine, parameters, deadline);
  plan.remarks.push_back(
      fmt::format("unrealistic: {} updates take {}, the deadline is {}; {}", options.updates,
                  format_duration(plan.run_seconds), format_duration(deadline),
                  nodes > 0 ? fmt::format("{} such nodes would do it", nodes)
                            : fmt::format("no number of such nodes does it, for an update of {:.0f} s has no "
                                          "more than {} micro-batches",
                                          options.update_seconds, most_ranks(options))));
}

Plan make_plan(const Options& options, int threads) {
  const PretrainingNetwork network(model_preset(options.model), ObjectiveConfig{});
  const int64_t parameters = network.layout.total_size();
  if (options.cluster.ranks() > most_ranks(options)) {
    throw ConfigError(fmt::format(
        "{} ranks: an update of {:.0f} s of audio has no more than {} micro-batches of {} s, and each "
        "rank needs one; take fewer nodes or a larger --update-seconds (with a learning rate for it)",
        options.cluster.ranks(), options.update_seconds, most_ranks(options), kLeastMicroBatchSeconds));
  }
  Plan plan;
  plan.machine =
      options.measured.empty() ? calibrate(options, network.layout, threads) : read_measures(options);
  plan.proposal = propose(options, plan.machine, options.cluster, parameters);
  plan.epoch_seconds = options.hours * 3600.0 / plan.proposal.prediction.audio_seconds_per_second;
  plan.run_seconds = plan.proposal.prediction.update_seconds * static_cast<double>(options.updates);
  remark(options, parameters, plan);
  return plan;
}

void print_plan(const Options& options, const Plan& plan) {
  const ScalingPrediction& p = plan.proposal.prediction;
  const Workload& w = plan.proposal.workload;
  fmt::print("measured:      {:.2f} audio seconds per second with {} thread{} ({}, {})\n",
             1.0 / plan.machine.step_seconds, plan.machine.threads, plan.machine.threads > 1 ? "s" : "",
             model_name(options), dtype_name(options));
  fmt::print(
      "proposed:      train.accumulate_batches={} data.batch_samples={} distributed.bucket_mib={:.0f}\n",
      w.micro_batches,
      static_cast<int64_t>(w.update_audio_seconds / static_cast<double>(w.micro_batches) * 16000.0),
      w.bucket_bytes / 1024.0 / 1024.0);
  fmt::print(
      "an update:     {:.3f} s = compute {:.3f}, exchange {:.3f} of which {:.3f} is seen, optimiser {:.3f}\n",
      p.update_seconds, p.compute_seconds, p.exchange_seconds, p.visible_seconds, p.optimizer_seconds);
  fmt::print("speed:         {:.1f} audio seconds per second on {} ranks, {:.0f} % of theirs alone\n",
             p.audio_seconds_per_second, options.cluster.ranks(), 100.0 * p.efficiency);
  fmt::print("an epoch:      {} of {} h; {} updates: {}\n", format_duration(plan.epoch_seconds),
             options.hours, options.updates, format_duration(plan.run_seconds));
  fmt::print("input:         {:.2f} MB/s of FLAC in all\n", p.input_bytes_per_second * 1e-6);
  for (const std::string& text : plan.remarks) fmt::print("note:          {}\n", text);
}

Json plan_json(const Options& options, const Plan& plan) {
  const ScalingPrediction& p = plan.proposal.prediction;
  const Workload& w = plan.proposal.workload;
  return {{"model", model_name(options)},
          {"dtype", dtype_name(options)},
          {"ranks", options.cluster.ranks()},
          {"step_seconds_one_thread", plan.machine.step_seconds_one_thread},
          {"step_seconds", plan.machine.step_seconds},
          {"threads", plan.machine.threads},
          {"backward_share", plan.machine.backward_share},
          {"update_seconds_per_value", plan.machine.update_seconds_per_value},
          {"add_seconds_per_value", plan.machine.add_seconds_per_value},
          {"parameters", w.parameters},
          {"accumulate_batches", w.micro_batches},
          {"bucket_mib", w.bucket_bytes / 1024.0 / 1024.0},
          {"compute_seconds", p.compute_seconds},
          {"exchange_seconds", p.exchange_seconds},
          {"visible_seconds", p.visible_seconds},
          {"optimizer_seconds", p.optimizer_seconds},
          {"update_seconds", p.update_seconds},
          {"audio_seconds_per_second", p.audio_seconds_per_second},
          {"efficiency", p.efficiency},
          {"epoch_seconds", plan.epoch_seconds},
          {"run_seconds", plan.run_seconds},
          {"remarks", plan.remarks}};
}

ExitCode run(Options options, const GlobalOptions& global) {
  options.cluster.network_bytes_per_second = parse_rate(options.network) / 8.0;
  if (!options.deadline.empty()) parse_deadline(options.deadline);
  const Plan plan = make_plan(options, set_compute_threads(global.threads));
  if (options.json) {
    fmt::print("{}\n", plan_json(options, plan).dump());
  } else {
    print_plan(options, plan);
  }
  return ExitCode::ok;
}

}  // namespace

Command add_plan(CLI::App& program, const GlobalOptions& global) {
  CLI::App* app = program.add_subcommand("plan", "What pretraining on a cluster would take");
  auto options = std::make_shared<Options>();
  add_choice(*app, "--model", options->model, kModelPresetNames, "wav2vec 1.0 base or large");
  add_choice(*app, "--dtype", options->dtype, kDTypeChoiceNames, "auto: bf16 where this CPU has it");
  add_choice(*app, "--wire", options->wire, kWireTypeNames, "type of gradients between ranks");
  app->add_option("--hours", options->hours, "of audio in an epoch")->required()->check(number_in(0.01, 1e8));
  app->add_option("--nodes", options->cluster.nodes, "machines")->required()->check(CLI::Range(1, 1000000));
  app->add_option("--cores", options->cluster.cores_per_node, "of each")
      ->required()
      ->check(CLI::Range(1, 4096));
  app->add_option("--ranks-per-node", options->cluster.ranks_per_node, "NUMA nodes of a machine")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  app->add_option("--network", options->network, "of a machine, each way: 1Gbit, 25Gbit")
      ->capture_default_str();
  app->add_option("--update-seconds", options->update_seconds, "audio of an update")
      ->capture_default_str()
      ->check(number_in(10.0, 1e7));
  app->add_option("--updates", options->updates, "of the run")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000000));
  app->add_option("--deadline", options->deadline, "90m, 36h or 7d: says whether that is realistic");
  app->add_option("--measured", options->measured,
                  "file with the --json of an earlier plan, which measured: nothing is measured now");
  app->add_flag("--json", options->json, "one JSON line on stdout");
  app->footer(
      "Example:\n"
      "  wav2vec plan --hours 960 --nodes 8 --cores 64 --network 25Gbit --deadline 7d\n"
      "Measures this machine for about half a minute (large: longer), so run it on one of the cluster's, or "
      "take\n"
      "what it measured there: --json > node.json there, --measured node.json here.\n"
      "docs/scaling.md has the formulas and what they were checked against.");
  return {app, [options, &global] { return run(*options, global); }};
}

}  // namespace wav2vec::app
