// wav2vec check: do subtitles agree with their audio?

#include <fmt/format.h>

#include <memory>

#include "choices.h"
#include "commands.h"
#include "default_model.h"
#include "stop_signal.h"
#include "subtitle_check.h"
#include "wav2vec/check/check_page.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"
#include "wav2vec/core/log.h"

namespace wav2vec::app {
namespace {

struct Options {
  std::string media;
  std::vector<std::string> subtitles;
  CheckSettings settings;
  std::string json;
  std::string csv;
  std::string html;
  bool list = false;
};

void write_output(const std::string& path, const std::string& content) {
  if (path == "-")
    fmt::print("{}", content);
  else
    write_file(path, content);
}

void refuse_inputs(const Options& options) {
  namespace fs = std::filesystem;
  std::error_code error;
  int to_stdout = 0;
  for (const std::string& out : {options.json, options.csv, options.html}) {
    to_stdout += out == "-" ? 1 : 0;
    if (out.empty() || out == "-") continue;
    if (options.subtitles.size() > 1)
      throw ConfigError("--json, --csv and --html take one subtitle; call check for each, or leave them out");
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
  const auto ms = static_cast<int64_t>(seconds * 1000.0);
  return fmt::format("{}:{:02}:{:02}.{:03}", ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60, ms % 1000);
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

ExitCode code_of(const CheckReport& report) {
  const CheckResult& result = report.result;
  if (result.state == FileState::unsure) return ExitCode::unsure;
  const bool good = result.state == FileState::ok && result.bands[static_cast<size_t>(CueBand::wrong)] == 0;
  return good ? ExitCode::ok : ExitCode::problems_found;
}

std::string page_of(const CheckReport& report, const HeardMedia& media, const HeadModel& model,
                    const Options& options) {
  return check_page(report,
                    {.media_address = relative_address(media.path, options.html),
                     .retime_command = retime_command(media.path, options.subtitles[0], options.settings),
                     .powers = media.scores.powers,
                     .hop_seconds = model.frame_times().hop_seconds});
}

ExitCode run(const Options& options) {
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
  for (const ReadSubtitle& subtitle : subtitles) {
    const std::optional<CheckReport> report = check_against(model, *media, subtitle, options.settings);
    if (!report) return ExitCode::interrupted;
    if (!options.json.empty()) write_output(options.json, check_json(*report));
    if (!options.csv.empty()) write_output(options.csv, check_csv(*report));
    if (!options.html.empty()) write_output(options.html, page_of(*report, *media, model, options));
    if (options.json != "-" && options.csv != "-" && options.html != "-") {
      fmt::print("{}: {}\n", printable(subtitle.path), check_summary(*report));
      if (options.list) print_cues(*report);
    }
    const ExitCode code = code_of(*report);
    if (worst == ExitCode::ok || code == ExitCode::problems_found)
      worst = code == ExitCode::ok ? worst : code;
  }
  return worst;
}

}  // namespace

Command add_check(CLI::App& program) {
  CLI::App* app = program.add_subcommand("check", "Do subtitles agree with their audio?");
  auto options = std::make_shared<Options>();
  app->add_option("media", options->media, "recording or film")->required();
  app->add_option("subtitles", options->subtitles,
                  "SRT, WebVTT, ASS, TTML, SBV or MicroDVD; none: a track of the film");
  app->add_option("--json", options->json, "report to write; - = standard output");
  app->add_option("--csv", options->csv, "a line for each cue; - = standard output");
  app->add_option("--html", options->html, "page to look at and listen to; - = standard output");
  app->add_flag("--list", options->list, "print the cues that are not simply right");
  add_check_settings(*app, options->settings);
  app->footer(
      "Example:\n"
      "  wav2vec check film.mkv film.en.srt --list\n"
      "  wav2vec check film.mkv --sub-track en --audio-track en\n"
      "One line for each subtitle: ok, offset, drift, cut, wrong_content or unsure. Nothing is changed; "
      "retime does.\n"
      "Exit codes: 0 right, 1 problems, 7 unsure.");
  return {app, [options] { return run(*options); }};
}

}  // namespace wav2vec::app
