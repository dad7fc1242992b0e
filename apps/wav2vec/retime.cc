// wav2vec retime: a subtitle with the times that its audio asks for.

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "choices.h"
#include "commands.h"
#include "default_model.h"
#include "stop_signal.h"
#include "subtitle_check.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"
#include "wav2vec/core/log.h"
#include "wav2vec/subtitle/retime.h"

namespace wav2vec::app {
namespace {

struct Options {
  std::string media;
  std::string subtitle;
  std::string out;
  CheckSettings settings;
  bool force = false;
};

ExitCode run(const Options& options) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (options.out == "-") throw ConfigError("--out -: retime writes files only; give a name");
  for (const std::string& in : {options.media, options.subtitle}) {
    if (fs::equivalent(options.out, in, error))
      throw ConfigError(fmt::format("{}: is an input; retime never overwrites one, choose another --out",
                                    printable(options.out)));
  }
  const ReadSubtitle read =
      read_for_check(options.subtitle.empty() ? options.media : options.subtitle, options.settings);
  const std::string format(name_of(read.subtitle.format));
  if (fs::path(options.out).extension() != fs::path(read.path).extension() && !options.subtitle.empty())
    log_warning(fmt::format("{}: is written as {}, the format of {}, whatever its name says",
                            printable(options.out), format, printable(read.path)));
  HeadModel model(head_or_default(options.settings.model));
  catch_stop_signals("stopping; nothing is written");
  const std::optional<HeardMedia> media = hear(model, options.media, options.settings);
  if (!media) return ExitCode::interrupted;
  const std::optional<CheckReport> report = check_against(model, *media, read, options.settings);
  if (!report) return ExitCode::interrupted;
  const CheckResult& result = report->result;
  const bool sure = result.state == FileState::ok || moves_times(result.state);
  if (!sure && !options.force) {
    log_warning(fmt::format("{}: {}; nothing is written, --force writes what is likeliest",
                            printable(read.path), check_summary(*report)));
    return result.state == FileState::unsure ? ExitCode::unsure : ExitCode::problems_found;
  }
  const bool rate_assumed = std::ranges::any_of(read.subtitle.warnings, [](const SubtitleWarning& warning) {
    return warning.code == "assumed_frame_rate";
  });
  if (rate_assumed && result.state == FileState::drift && !options.force) {
    log_warning(fmt::format(
        "{}: {}, which may be but the assumed frame rate; nothing is written, give the film's with "
        "--fps, or --force",
        printable(read.path), check_summary(*report)));
    return ExitCode::unsure;
  }
  std::vector<CueTimes> times = times_of(read.subtitle);
  int64_t moved = 0;
  if (!result.timing.identity) {
    for (size_t i = 0; i < times.size(); ++i) {
      times[i] = {std::max(result.cues[i].suggested_start_seconds, 0.0),
                  std::max(result.cues[i].suggested_end_seconds, 0.0)};
      ++moved;
    }
  }
  write_file(options.out, retimed(read.subtitle, times));
  fmt::print("{}: {} | {} cues moved, written to {}\n", printable(read.path), check_summary(*report), moved,
             printable(options.out));
  return ExitCode::ok;
}

}  // namespace

Command add_retime(CLI::App& program) {
  CLI::App* app = program.add_subcommand("retime", "A subtitle with the times that its audio asks for");
  auto options = std::make_shared<Options>();
  app->add_option("media", options->media, "recording or film")->required();
  app->add_option("subtitle", options->subtitle,
                  "SRT, WebVTT, ASS, TTML, SBV or MicroDVD; none: a track of the film");
  app->add_option("-o,--out", options->out, "file to write, in the same format")
      ->required()
      ->check(not_empty());
  app->add_flag("--force", options->force, "also where check is unsure");
  add_check_settings(*app, options->settings);
  app->footer(
      "Example:\n"
      "  wav2vec retime film.mkv film.srt -o film.fixed.srt\n"
      "A subtitle that is right comes out byte for byte; in any other only the times change.");
  return {app, [options] { return run(*options); }};
}

}  // namespace wav2vec::app
