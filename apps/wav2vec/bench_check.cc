// wav2vec bench-check: how often check and retime are right, on programmes of known truth.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include "commands.h"
#include "default_model.h"
#include "programme_options.h"
#include "stop_signal.h"
#include "wav2vec/audio/waveform_source.h"
#include "wav2vec/check/corruption.h"
#include "wav2vec/core/error.h"
#include "wav2vec/head/head_model.h"
#include "wav2vec/measure/ranking.h"
#include "wav2vec/train/progress.h"

namespace wav2vec::app {
namespace {

struct Options {
  std::string model;
  std::string language = "en";
  ProgrammeSeries series{.manifests = {}, .count = 4, .first = {}};
};

constexpr double kWithin[] = {0.05, 0.1, 0.4, 0.8};

struct Row {
  int64_t files = 0;
  int64_t expected = 0;
  int64_t unsure = 0;
  int64_t cues = 0;
  int64_t moved = 0;  ///< by more than 0.1 s
  int64_t within[std::size(kWithin)] = {};
};

struct Results {
  std::vector<std::string> names;  ///< in the order in which they came
  std::map<std::string, Row> rows;
  std::vector<ScoredItem> texts;  ///< cues of 2 s and more: P(match) and whether the text is right
};

void note(Results& results, const CorruptedSubtitle& subtitle, const CheckResult& result,
          const std::string& programme) {
  if (!results.rows.contains(subtitle.name)) results.names.push_back(subtitle.name);
  Row& row = results.rows[subtitle.name];
  ++row.files;
  row.expected += result.state == subtitle.expected ? 1 : 0;
  row.unsure += result.state == FileState::unsure ? 1 : 0;
  // As retime does it.
  const bool changes =
      result.state == FileState::offset || result.state == FileState::drift || result.state == FileState::cut;
  for (size_t i = 0; i < subtitle.cues.size(); ++i) {
    const double start = changes ? result.cues[i].suggested_start_seconds : subtitle.cues[i].start_seconds;
    ++row.cues;
    row.moved += std::abs(start - subtitle.cues[i].start_seconds) > 0.1 ? 1 : 0;
    for (size_t k = 0; k < std::size(kWithin); ++k)
      row.within[k] += std::abs(start - subtitle.true_starts_seconds[i]) <= kWithin[k] ? 1 : 0;
    const bool mixed = subtitle.expected == FileState::ok;
    if (mixed && subtitle.cues[i].end_seconds - subtitle.cues[i].start_seconds >= 2.0 &&
        result.cues[i].letters > 0)
      results.texts.push_back({result.cues[i].p_match, subtitle.right_text[i], programme});
  }
}

void print(const Results& results) {
  fmt::print(
      "| subtitle | files | verdict as it should be | unsure | cues moved > 100 ms | within 50 ms after "
      "retime | 100 | 400 | 800 |\n");
  fmt::print("|---|---|---|---|---|---|---|---|---|\n");
  for (const std::string& name : results.names) {
    const Row& row = results.rows.at(name);
    const auto share = [&](int64_t cues) {
      return 100.0 * static_cast<double>(cues) / static_cast<double>(std::max<int64_t>(row.cues, 1));
    };
    fmt::print("| {} | {} | {} | {} | {:.1f} % |", name, row.files, row.expected, row.unsure,
               share(row.moved));
    for (const int64_t cues : row.within) fmt::print(" {:.1f} % |", share(cues));
    fmt::print("\n");
  }
  fmt::print("\nWrong texts in cues of 2 s and more, n = {}: AUC {:.3f}, calibration error {:.3f}\n",
             results.texts.size(), area_under_curve(results.texts), calibration_error(results.texts));
}

ExitCode run(const Options& options) {
  const Manifest utterances = read_manifests(options.series.manifests);
  HeadModel model(head_or_default(options.model));
  const TextReader reader(
      {.language = options.language, .max_readings = 1, .invalid_utf8 = InvalidUtf8::replace});
  catch_stop_signals("stopping after this programme");
  std::vector<std::string> texts;
  for (const Utterance& utterance : utterances.utterances) {
    if (!utterance.text.empty()) texts.push_back(utterance.text);
  }
  Results results;
  Progress progress("bench-check", "programmes", options.series.count);
  for (int64_t n = 0; n < options.series.count && !stop_requested(); ++n) {
    ProgrammeOptions one = options.series.options_of(n);
    one.sample_rate_hz = model.info().sample_rate_hz;
    const Programme programme = make_programme(utterances, one);
    const RecordingScores scores = model.scores(waveform_in_memory(programme.samples));
    std::vector<CheckedText> cues;
    for (const ProgrammeLine& line : programme.lines)
      cues.push_back({line.start_seconds, line.end_seconds, line.text});
    std::vector<std::string> others = texts;
    std::erase_if(others, [&](const std::string& text) {
      return std::ranges::any_of(programme.lines,
                                 [&](const ProgrammeLine& line) { return line.text == text; });
    });
    for (const CorruptedSubtitle& subtitle : corrupted_subtitles(cues, others, one.seed)) {
      const CheckResult result = check_subtitle(
          scores, model.frame_times(), [&](std::span<const int> tokens) { return model.meant(tokens); },
          subtitle.cues, reader);
      note(results, subtitle, result, std::to_string(n));
    }
    progress.update(n + 1);
  }
  progress.finish();
  if (results.names.empty()) return ExitCode::interrupted;
  print(results);
  return stop_requested() ? ExitCode::interrupted : ExitCode::ok;
}

}  // namespace

Command add_bench_check(CLI::App& program) {
  CLI::App* app = program.add_subcommand("bench-check", "How often check and retime are right");
  auto options = std::make_shared<Options>();
  add_programme_options(*app, options->series, 1.0);
  app->add_option("--model", options->model,
                  "run or checkpoint of train-head, instead of the head that is shipped");
  app->add_option("--language", options->language, "of the texts")->capture_default_str();
  app->footer(
      "Example:\n"
      "  wav2vec bench-check --utterances test.tsv --minutes 5 --count 6 --bed music\n"
      "Programmes are made as by wav2vec programme, their subtitles shifted, stretched, cut and exchanged.");
  return {app, [options] { return run(*options); }};
}

}  // namespace wav2vec::app
