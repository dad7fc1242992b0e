// wav2vec compare-times: how far the word times of one CTM are from those of another.

#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "choices.h"
#include "commands.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/data/manifest.h"
#include "wav2vec/head/boundary_errors.h"

namespace wav2vec::app {
namespace {

struct Options {
  std::string found;
  std::string reference;
  std::vector<std::string> manifests;
  bool json = false;
};

constexpr std::pair<const char*, Boundaries> kRows[] = {
    {"all", Boundaries::all}, {"starts", Boundaries::starts}, {"ends", Boundaries::ends}};

struct Row {
  const char* name;
  BoundaryStatistics statistics;
};

void print_table(const BoundaryComparison& comparison, std::span<const Row> rows, std::string_view groups) {
  fmt::print(
      "{} utterances with the same words, {} without times here, {} with other words; times in ms, 95 % "
      "interval over "
      "{} {}\n\n",
      comparison.utterances, comparison.missing_utterances, comparison.different_words,
      rows[0].statistics.groups, groups);
  fmt::print("| boundaries | n | mean | median | p90 | p95 | bias | ≤ 10 | ≤ 25 | ≤ 50 | ≤ 100 | ≤ 200 |\n");
  fmt::print("|---|---|---|---|---|---|---|---|---|---|---|---|\n");
  for (const auto& [name, s] : rows) {
    const std::string interval = std::isfinite(s.mean.low)
                                     ? fmt::format(" ({:.1f}–{:.1f})", 1e3 * s.mean.low, 1e3 * s.mean.high)
                                     : std::string();
    fmt::print("| {} | {} | {:.1f}{} | {:.1f} | {:.1f} | {:.1f} | {:+.1f} |", name, s.boundaries,
               1e3 * s.mean.value, interval, 1e3 * s.median, 1e3 * s.p90, 1e3 * s.p95, 1e3 * s.bias);
    for (const double share : s.shares_within) fmt::print(" {:.1f} % |", 100.0 * share);
    fmt::print("\n");
  }
}

void print_json(const BoundaryComparison& comparison, std::span<const Row> rows) {
  nlohmann::ordered_json out{{"utterances", comparison.utterances},
                             {"missing_utterances", comparison.missing_utterances},
                             {"different_words", comparison.different_words}};
  for (const auto& [name, s] : rows) {
    nlohmann::ordered_json row{{"boundaries", s.boundaries}, {"mean_seconds", s.mean.value}};
    if (std::isfinite(s.mean.low)) row["mean_interval_seconds"] = {s.mean.low, s.mean.high};
    row["median_seconds"] = s.median;
    row["p90_seconds"] = s.p90;
    row["p95_seconds"] = s.p95;
    row["bias_seconds"] = s.bias;
    for (size_t i = 0; i < s.shares_within.size(); ++i)
      row[fmt::format("share_within_{:.0f}_ms", 1e3 * kBoundaryLimits[i])] = s.shares_within[i];
    out[name] = std::move(row);
  }
  fmt::print("{}\n", out.dump(1));
}

ExitCode run(const Options& options) {
  std::map<std::string, std::string> speakers;
  for (const std::string& path : options.manifests) {
    for (const Utterance& utterance : read_manifest(path).utterances)
      speakers[utterance.id] = utterance.speaker;
  }
  const BoundaryComparison comparison =
      compare_times(read_ctm(options.found), read_ctm(options.reference), speakers);
  if (comparison.errors.empty()) {
    throw DataError(
        fmt::format("{}: no utterance with the same words as in {}; expected CTMs of the same utterances",
                    printable(options.found), printable(options.reference)));
  }
  std::vector<Row> rows;
  for (const auto& [name, which] : kRows) rows.push_back({name, boundary_statistics(comparison, which)});
  if (options.json)
    print_json(comparison, rows);
  else
    print_table(comparison, rows, speakers.empty() ? "utterances" : "speakers");
  return ExitCode::ok;
}

}  // namespace

Command add_compare_times(CLI::App& program) {
  CLI::App* app = program.add_subcommand("compare-times", "How far word times are from reference times");
  auto options = std::make_shared<Options>();
  app->add_option("found", options->found, "CTM that was made")->required();
  app->add_option("reference", options->reference, "CTM that is taken for the truth")->required();
  app->add_option("--manifest", options->manifests, "manifests that name the speakers, for the intervals");
  app->add_flag("--json", options->json, "JSON instead of a table");
  app->footer(
      "Example:\n"
      "  wav2vec align --manifest test.jsonl -o found.ctm\n"
      "  wav2vec compare-times found.ctm truth.ctm --manifest test.jsonl\n"
      "Words are compared without case and punctuation; of an utterance whose words differ nothing counts.");
  return {app, [options] { return run(*options); }};
}

}  // namespace wav2vec::app
