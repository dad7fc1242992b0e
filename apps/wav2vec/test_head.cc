// wav2vec test-head: what a head is worth on recordings that it has not seen.

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "choices.h"
#include "commands.h"
#include "default_model.h"
#include "stop_signal.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/head/head_test.h"
#include "wav2vec/train/progress.h"

namespace wav2vec::app {
namespace {

struct Options {
  std::vector<std::string> manifests;
  std::vector<std::string> word_times;
  std::string model;
  std::string language = "en";
  HeadTestOptions test;
  bool json = false;
};

std::string shown(const Interval& interval, int digits) {
  std::string text = fmt::format("{:.{}f}", interval.value, digits);
  if (std::isfinite(interval.low))
    text += fmt::format(" ({:.{}f}–{:.{}f})", interval.low, digits, interval.high, digits);
  return text;
}

nlohmann::ordered_json json_of(const Interval& interval) {
  nlohmann::ordered_json out{{"value", interval.value}};
  if (std::isfinite(interval.low)) out["interval"] = {interval.low, interval.high};
  return out;
}

struct Match {
  const char* name;
  Interval area;
};

void print(const HeadTest& test, std::span<const Match> matches, const Interval& errors, double calibration) {
  fmt::print("{} utterances, {:.1f} min; 95 % intervals over speakers\n\n", test.utterances,
             test.audio_seconds / 60.0);
  fmt::print("Letters heard without a text: {} % wrong\n\n",
             shown({100.0 * errors.value, 100.0 * errors.low, 100.0 * errors.high}, 1));
  if (!test.similarities.empty()) {
    fmt::print("| right texts against wrong ones of about as many letters, n = {} | AUC |\n|---|---|\n",
               test.similarities.size());
    for (const Match& match : matches) fmt::print("| {} | {} |\n", match.name, shown(match.area, 3));
    fmt::print("\nCalibration error of the confidences (15 bins): {:.3f}\n", calibration);
  }
  if (test.times[0].errors.empty()) return;
  fmt::print(
      "\n| word times from | boundaries | mean ms | median | p90 | p95 | starts' bias | ends' bias | ≤ 10 | "
      "≤ 25 | ≤ 50 | ≤ 100 | ≤ 200 |\n");
  fmt::print("|---|---|---|---|---|---|---|---|---|---|---|---|---|\n");
  for (size_t i = 0; i < std::size(kTimesFromNames); ++i) {
    const BoundaryStatistics s = boundary_statistics(test.times[i], Boundaries::all);
    fmt::print("| {} | {} | {} | {:.1f} | {:.1f} | {:.1f} | {:+.1f} | {:+.1f} |", kTimesFromNames[i],
               s.boundaries, shown({1e3 * s.mean.value, 1e3 * s.mean.low, 1e3 * s.mean.high}, 1),
               1e3 * s.median, 1e3 * s.p90, 1e3 * s.p95,
               1e3 * boundary_statistics(test.times[i], Boundaries::starts).bias,
               1e3 * boundary_statistics(test.times[i], Boundaries::ends).bias);
    for (const double share : s.shares_within) fmt::print(" {:.1f} % |", 100.0 * share);
    fmt::print("\n");
  }
}

void print_json(const HeadTest& test, std::span<const Match> matches, const Interval& errors,
                double calibration) {
  nlohmann::ordered_json out{{"utterances", test.utterances},
                             {"audio_seconds", test.audio_seconds},
                             {"character_error_rate", json_of(errors)}};
  for (const Match& match : matches) out["match_auc"][match.name] = json_of(match.area);
  out["calibration_error"] = calibration;
  for (size_t i = 0; i < std::size(kTimesFromNames); ++i) {
    const BoundaryStatistics s = boundary_statistics(test.times[i], Boundaries::all);
    if (s.boundaries == 0) continue;
    out["word_times"][std::string(kTimesFromNames[i])] = {
        {"boundaries", s.boundaries},
        {"mean_seconds", json_of(s.mean)},
        {"median_seconds", s.median},
        {"p90_seconds", s.p90},
        {"p95_seconds", s.p95},
        {"start_bias_seconds", boundary_statistics(test.times[i], Boundaries::starts).bias},
        {"end_bias_seconds", boundary_statistics(test.times[i], Boundaries::ends).bias},
        {"shares_within", s.shares_within}};
  }
  fmt::print("{}\n", out.dump(1));
}

ExitCode run(const Options& options) {
  const Manifest manifest = read_manifests(options.manifests);
  Alignment word_times;
  for (const std::string& path : options.word_times) {
    Alignment one = read_ctm(path);
    word_times.utterances.merge(one.utterances);
  }
  HeadModel model(head_or_default(options.model));
  const TokenReader reader(
      {.language = options.language, .max_readings = 1, .invalid_utf8 = InvalidUtf8::replace},
      model.info().tokens);
  catch_stop_signals("stopping");
  Progress progress("test-head", "utterances", std::ssize(manifest.utterances));
  HeadTestOptions test_options = options.test;
  test_options.progress = [&](int64_t done) {
    progress.update(done);
    return !stop_requested();
  };
  const HeadTest test = test_head(model, manifest, word_times, reader, test_options);
  progress.finish();
  if (stop_requested()) return ExitCode::interrupted;
  if (test.utterances == 0) throw DataError("no utterance has both audio and a text with letters");
  constexpr BootstrapOptions kBootstrap{.resamples = 1000};
  std::vector<Match> matches;
  if (!test.similarities.empty()) {
    matches = {
        {"head", bootstrap_area_under_curve(test.similarities, kBootstrap)},
        {"letters per second alone", bootstrap_area_under_curve(test.letters_per_second, kBootstrap)},
        {"head with other audio", bootstrap_area_under_curve(test.other_audio, kBootstrap)},
        {"head with frames in another order", bootstrap_area_under_curve(test.shuffled_frames, kBootstrap)},
        {"head with letters in another order",
         bootstrap_area_under_curve(test.shuffled_letters, kBootstrap)}};
  }
  const double calibration = test.probabilities.empty() ? 0.0 : calibration_error(test.probabilities);
  const Interval errors = bootstrap_rate(test.character_errors);
  if (options.json)
    print_json(test, matches, errors, calibration);
  else
    print(test, matches, errors, calibration);
  return ExitCode::ok;
}

}  // namespace

Command add_test_head(CLI::App& program) {
  CLI::App* app =
      program.add_subcommand("test-head", "What a head is worth on recordings that it has not seen");
  auto options = std::make_shared<Options>();
  app->add_option("manifest", options->manifests, "manifests with texts and, for the intervals, speakers")
      ->required();
  app->add_option("--word-times", options->word_times, "CTMs with the times of words");
  app->add_option("--model", options->model,
                  "run or checkpoint of train-head, instead of the head that is shipped");
  app->add_option("--language", options->language, "of the texts")->capture_default_str();
  app->add_option("--least-seconds", options->test.least_seconds,
                  "shorter utterances do not count for matches")
      ->capture_default_str();
  app->add_flag("--json", options->json, "JSON instead of tables");
  app->footer(
      "Example:\n"
      "  wav2vec test-head test.jsonl --word-times words.ctm\n"
      "Each utterance meets its own text and that of another speaker with about as many letters. Beside the "
      "head's "
      "word times stand those of its CTC output, of letters spread evenly, and of these moved to quiet "
      "frames.");
  return {app, [options] { return run(*options); }};
}

}  // namespace wav2vec::app
