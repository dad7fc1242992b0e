// wav2vec bench-check: how often check and retime are right, on programmes of known truth.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>

#include "choices.h"
#include "commands.h"
#include "default_model.h"
#include "programme_options.h"
#include "stop_signal.h"
#include "subtitle_check.h"
#include "wav2vec/audio/waveform_source.h"
#include "wav2vec/benchmark/check_benchmark_report.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"
#include "wav2vec/core/log.h"
#include "wav2vec/head/head_model.h"
#include "wav2vec/train/progress.h"

namespace wav2vec::app {
namespace {

struct Options {
  std::string model;
  std::string language = "en";
  ProgrammeSeries series{.manifests = {}, .count = 4, .first = {}};
  std::vector<std::string> foreign;
  std::vector<std::string> kinds;
  double max_offset_seconds = CheckOptions{}.widest_search_seconds;
  bool loose = false;
  std::string json;
};

std::vector<std::string> texts_of(const Manifest& manifest) {
  std::vector<std::string> texts;
  for (const Utterance& utterance : manifest.utterances) {
    if (!utterance.text.empty()) texts.push_back(utterance.text);
  }
  return texts;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Cues as they should be, and what is not spoken in the programme.
HeardProgramme heard_programme(const Programme& programme, const ProgrammeOptions& options,
                               const CorruptionTexts& texts) {
  HeardProgramme heard{.name = fmt::format("{:04}", options.seed), .scores = {}, .cues = {}, .texts = texts};
  heard.seed = options.seed;
  heard.seconds = static_cast<double>(programme.samples.size()) / static_cast<double>(options.sample_rate_hz);
  for (const ProgrammeLine& line : programme.lines)
    heard.cues.push_back({line.start_seconds, line.end_seconds, line.text});
  std::erase_if(heard.texts.others, [&](const std::string& text) {
    return std::ranges::find(programme.lines, text, &ProgrammeLine::text) != programme.lines.end();
  });
  return heard;
}

void refuse_input(const Options& options) {
  std::error_code error;
  for (const std::vector<std::string>& inputs : {options.series.manifests, options.foreign}) {
    for (const std::string& in : inputs) {
      if (!options.json.empty() && std::filesystem::equivalent(options.json, in, error))
        throw ConfigError(fmt::format("{}: is an input; choose another file", printable(options.json)));
    }
  }
}

ExitCode run(const Options& options) {
  refuse_input(options);
  const Manifest utterances = read_manifests(options.series.manifests);
  CorruptionTexts texts{.others = texts_of(utterances), .foreign = {}};
  if (!options.foreign.empty()) {
    texts.foreign = texts_of(read_manifests(options.foreign));
    if (texts.foreign.empty()) throw DataError("--foreign: no utterance has a text; expected \"text\"");
  }
  HeadModel model(head_or_default(options.model));
  say_letters_stand_alone(model);
  const TokenReader reader(
      {.language = options.language, .max_readings = 1, .invalid_utf8 = InvalidUtf8::replace},
      model.info().tokens);
  const BenchmarkHead head{.frame_times = model.frame_times(),
                           .letter_sounds = [&](std::span<const int> tokens) { return model.meant(tokens); }};
  catch_stop_signals("stopping after this subtitle");
  CheckBenchmark benchmark;
  CheckBenchmarkOptions benchmark_options;
  benchmark_options.kinds = options.kinds;
  benchmark_options.check.widest_search_seconds = options.max_offset_seconds;
  // Programmes in hundredths, for each is long.
  Progress progress("bench-check", "percent of the programmes", 100 * options.series.count);
  double hearing_seconds = 0.0;
  double checking_seconds = 0.0;
  for (int64_t n = 0; n < options.series.count && !stop_requested(); ++n) {
    ProgrammeOptions one = options.series.options_of(n);
    one.sample_rate_hz = model.info().sample_rate_hz;
    const Programme programme = make_programme(utterances, one);
    HeardProgramme heard = heard_programme(programme, one, texts);
    if (options.loose) heard.cues = loosened(heard.cues, one.seed);
    auto start = std::chrono::steady_clock::now();
    heard.scores = model.scores(waveform_in_memory(programme.samples));
    hearing_seconds += seconds_since(start);
    start = std::chrono::steady_clock::now();
    benchmark_options.progress = [&](int64_t done, int64_t all) {
      progress.update(100 * n + 100 * done / all);
      return !stop_requested();
    };
    measure_programme(benchmark, heard, head, reader, benchmark_options);
    checking_seconds += seconds_since(start);
    progress.update(100 * (n + 1));
  }
  progress.finish();
  // Half a programme would be taken for a whole one.
  if (stop_requested()) return ExitCode::interrupted;
  if (benchmark.kinds.empty())
    throw ConfigError("--kinds: none of them is made; expected C0 to C17, and C11 only with --foreign");
  fmt::print("{}", check_benchmark_markdown(benchmark));
  if (!options.json.empty()) write_file(options.json, check_benchmark_json(benchmark));
  log_info(fmt::format("{:.1f} min of programmes: heard in {:.1f} s, all subtitles in {:.1f} s",
                       benchmark.audio_seconds / 60.0, hearing_seconds, checking_seconds));
  return ExitCode::ok;
}

}  // namespace

Command add_bench_check(CLI::App& program) {
  CLI::App* app = program.add_subcommand("bench-check", "How often check and retime are right");
  auto options = std::make_shared<Options>();
  add_programme_options(*app, options->series, 1.0);
  app->add_option("--model", options->model,
                  "run or checkpoint of train-head, instead of the head that is shipped");
  app->add_option("--language", options->language, "of the texts")->capture_default_str();
  app->add_option("--foreign", options->foreign,
                  "manifests with texts in another language, for subtitles of kind C11");
  app->add_option("--kinds", options->kinds, "of wrong subtitles, C0 to C17, instead of all of them");
  app->add_option("--max-offset", options->max_offset_seconds,
                  "texts and shifts are looked for this far from their cues, in seconds")
      ->capture_default_str()
      ->check(number_in(1.0, 36000.0));
  app->add_flag("--loose", options->loose,
                "right times are those of people, within tenths of a second, not to the frame");
  app->add_option("--json", options->json, "file for the same figures and more, as JSON")->check(not_empty());
  app->footer(
      "Example:\n"
      "  wav2vec bench-check --utterances test.tsv --minutes 5 --count 6 --bed music\n"
      "Programmes are made as by wav2vec programme, their subtitles shifted, stretched, cut and exchanged in "
      "66 ways (docs/check.md). The same seed gives the same output, on any number of threads.");
  return {app, [options] { return run(*options); }};
}

}  // namespace wav2vec::app
