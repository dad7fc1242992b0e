// wav2vec check: do subtitles agree with their audio?

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>

#include "check_folder.h"
#include "check_verdict.h"
#include "choices.h"
#include "commands.h"
#include "default_model.h"
#include "shard.h"
#include "stop_signal.h"
#include "subtitle_check.h"
#include "wav2vec/check/check_page.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"
#include "wav2vec/core/log.h"

namespace wav2vec::app {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string media;
  std::vector<std::string> subtitles;
  CheckSettings settings;
  std::string json;
  std::string csv;
  std::string html;
  bool list = false;
  VerdictOptions verdict;
  FolderCheck folder;
  std::string shard;  ///< "2/8"; empty: all
};

void write_output(const std::string& path, const std::string& content) {
  if (path == "-")
    fmt::print("{}", content);
  else
    write_file(path, content);
}

void refuse_inputs(const Options& options) {
  std::error_code error;
  int to_stdout = 0;
  std::set<fs::path> outputs;
  for (const std::string& out : {options.json, options.csv, options.html}) {
    to_stdout += out == "-" ? 1 : 0;
    if (out.empty()) continue;
    if (options.subtitles.size() > 1)
      throw ConfigError("--json, --csv and --html take one subtitle; call check for each, or leave them out");
    if (out == "-") continue;
    if (!outputs.insert(fs::absolute(out).lexically_normal()).second)
      throw ConfigError(fmt::format("{}: is to hold two reports; choose another file", printable(out)));
    std::vector<std::string> inputs = options.subtitles;
    inputs.push_back(options.media);
    for (const std::string& in : inputs) {
      if (fs::equivalent(out, in, error))
        throw ConfigError(fmt::format("{}: is an input; choose another file", printable(out)));
    }
  }
  if (to_stdout > 1) throw ConfigError("only one of --json, --csv and --html can have standard output");
}

std::string clock(double seconds) {
  const auto ms = static_cast<int64_t>(std::abs(seconds) * 1000.0);
  return fmt::format("{}{}:{:02}:{:02}.{:03}", seconds < 0.0 ? "-" : "", ms / 3'600'000, ms / 60'000 % 60,
                     ms / 1000 % 60, ms % 1000);
}

void print_cues(const CheckReport& report) {
  for (size_t i = 0; i < report.cues.size(); ++i) {
    const CheckedCue& cue = report.result.cues[i];
    if (cue.band == CueBand::ok && cue.reasons.empty()) continue;
    std::string reasons;
    for (const CueReason reason : cue.reasons)
      reasons += fmt::format(" {}", kCueReasonNames[static_cast<size_t>(reason)]);
    fmt::print("{}:{} {} {} p={:.2f}{} | {}\n", printable(report.subtitle), report.lines[i],
               clock(report.cues[i].start_seconds), kCueBandNames[static_cast<size_t>(cue.band)], cue.p_match,
               reasons, printable(report.cues[i].text));
  }
}

/// Which of several belongs to the recording: that whose cues are heard most, and in their place.
std::string best_of(const std::vector<CheckReport>& reports) {
  const CheckReport* best = nullptr;
  const auto rank = [](const CheckReport& report) {
    const bool in_place = report.result.state == FileState::ok;
    const auto off = std::ranges::count_if(report.result.cues, [](const CheckedCue& cue) {
      return cue.band != CueBand::not_scored && !cue.reasons.empty();
    });
    return report.result.share + (in_place ? 0.02 : 0.0) -
           0.5 * static_cast<double>(off) / static_cast<double>(std::max<size_t>(report.cues.size(), 1));
  };
  for (const CheckReport& report : reports) {
    const bool possible = report.result.state == FileState::ok || moves_times(report.result.state);
    if (possible && (best == nullptr || rank(report) > rank(*best))) best = &report;
  }
  if (best == nullptr) return "none of them belongs to it";
  return fmt::format("{} belongs to it, {:.0f} % of its texts are heard", printable(best->subtitle),
                     100.0 * best->result.share);
}

ExitCode check_recording(const Options& options) {
  refuse_inputs(options);
  std::vector<ReadSubtitle> subtitles;
  // Without a subtitle file: what the film has inside.
  const std::vector<std::string> paths =
      options.subtitles.empty() ? std::vector<std::string>{options.media} : options.subtitles;
  for (const std::string& path : paths) subtitles.push_back(read_for_check(path, options.settings));
  HeadModel model(head_or_default(options.settings.model));
  catch_stop_signals("stopping; nothing is written");
  const std::optional<HeardMedia> media = hear(model, options.media, options.settings);
  if (!media) return ExitCode::interrupted;
  ExitCode worst = ExitCode::ok;
  std::vector<CheckReport> reports;
  for (const ReadSubtitle& subtitle : subtitles) {
    std::optional<CheckReport> report = check_against(model, *media, subtitle, options.settings);
    if (!report) return ExitCode::interrupted;
    if (!options.json.empty()) write_output(options.json, check_json(*report));
    if (!options.csv.empty()) write_output(options.csv, check_csv(*report));
    if (!options.html.empty())
      write_output(options.html, page_of(*report, *media, model, options.settings, options.html));
    if (options.json != "-" && options.csv != "-" && options.html != "-") {
      fmt::print("{}: {}\n", printable(subtitle.path), check_summary(*report));
      if (options.list) print_cues(*report);
    }
    worst = worse(worst, verdict_of(report->result, options.verdict));
    reports.push_back(std::move(*report));
  }
  if (reports.size() > 1) fmt::print("{}: {}\n", printable(options.media), best_of(reports));
  return worst;
}

ExitCode run(const Options& options) {
  std::error_code error;
  if (fs::is_directory(options.media, error)) {
    if (!options.json.empty() || !options.csv.empty() || !options.html.empty() || options.list)
      throw ConfigError("a folder: --json, --csv, --html and --list are for one recording; give --reports");
    if (!options.subtitles.empty()) throw ConfigError("a folder has its subtitles beside its recordings");
    FolderCheck folder = options.folder;
    folder.folder = options.media;
    folder.settings = options.settings;
    folder.verdict = options.verdict;
    folder.shard = shard_of_process(options.shard);
    return check_folder(folder);
  }
  if (!options.folder.reports.empty() || !options.shard.empty())
    throw ConfigError(
        fmt::format("{}: is no folder; --reports and --shard are for folders", printable(options.media)));
  return check_recording(options);
}

}  // namespace

Command add_check(CLI::App& program) {
  CLI::App* app = program.add_subcommand("check", "Do subtitles agree with their audio?");
  auto options = std::make_shared<Options>();
  app->add_option("media", options->media, "recording or film, or a folder of them with their subtitles")
      ->required();
  app->add_option("subtitles", options->subtitles,
                  "SRT, WebVTT, ASS, TTML, SBV or MicroDVD; none: a track of the film");
  app->add_option("--json", options->json, "report to write; - = standard output");
  app->add_option("--csv", options->csv, "a line for each cue; - = standard output");
  app->add_option("--html", options->html, "page to look at and listen to; - = standard output");
  app->add_flag("--list", options->list, "print the cues that are not simply right");
  app->add_option(
      "--reports", options->folder.reports,
      "of a folder: writes a report (JSON) and a page (HTML) for every pair below this one; what is "
      "there and newer than its pair is not made again");
  add_shard_option(*app, options->shard,
                   "of a folder, where a call without it and with the same --reports sums up");
  app->add_option("--jobs", options->folder.jobs,
                  "of a folder: pairs at the same time; they share the threads")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  add_verdict_options(*app, options->verdict);
  add_check_settings(*app, options->settings);
  app->footer(
      "Example:\n"
      "  wav2vec check film.mkv film.en.srt --list\n"
      "  wav2vec check film.mkv --sub-track en --audio-track en\n"
      "  wav2vec check films/ --jobs 2 --reports reports/\n"
      "One line for each subtitle: ok, offset, drift, cut, wrong_content, wrong_language or unsure. Nothing "
      "is changed; "
      "retime does.\n"
      "Exit codes: 0 right, 1 problems, 7 unsure.");
  return {app, [options] { return run(*options); }};
}

}  // namespace wav2vec::app
