// wav2vec lint: can subtitles be read?

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "choices.h"
#include "commands.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/log.h"
#include "wav2vec/subtitle/lint.h"

namespace wav2vec::app {
namespace {

struct Options {
  std::vector<std::string> subtitles;
  std::string profile = "netflix";
  double frames_per_second = 0.0;
  std::string encoding;
  bool strict = false;
  bool json = false;
};

ExitCode run(const Options& options) {
  LintProfile profile = lint_profile(options.profile);
  profile.frames_per_second = options.frames_per_second;
  int64_t found = 0;
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const std::string& path : options.subtitles) {
    const Subtitle subtitle = read_subtitle(path, {.name = path,
                                                   .encoding = options.encoding,
                                                   .frames_per_second = options.frames_per_second,
                                                   .strict = options.strict});
    for (const SubtitleWarning& warning : subtitle.warnings) {
      ++found;
      if (options.json)
        all.push_back(
            {{"path", path}, {"line", warning.line}, {"rule", warning.code}, {"message", warning.message}});
      else
        fmt::print("{}:{}: {} {}\n", printable(path), warning.line, warning.code, warning.message);
    }
    for (const LintFinding& finding : lint(subtitle, profile)) {
      ++found;
      const int64_t line = subtitle.cues[finding.cue].line;
      if (options.json)
        all.push_back({{"path", path},
                       {"line", line},
                       {"cue", finding.cue + 1},
                       {"rule", finding.rule},
                       {"value", finding.value},
                       {"limit", finding.limit}});
      else
        fmt::print("{}:{}: {} {:.4g}, limit {:.4g}\n", printable(path), line, finding.rule, finding.value,
                   finding.limit);
    }
  }
  if (options.json)
    fmt::print("{}\n", all.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  log_info(fmt::format("{} findings", found));
  return found == 0 ? ExitCode::ok : ExitCode::problems_found;
}

}  // namespace

Command add_lint(CLI::App& program) {
  CLI::App* app = program.add_subcommand("lint", "Can subtitles be read?");
  auto options = std::make_shared<Options>();
  app->add_option("subtitles", options->subtitles, "SRT, WebVTT, ASS, TTML, SBV or MicroDVD")->required();
  app->add_option("--profile", options->profile, "netflix, netflix-children, bbc or dcmp")
      ->capture_default_str();
  app->add_option("--fps", options->frames_per_second, "frames per second of the video, for gaps");
  app->add_option("--sub-encoding", options->encoding, "where it is not found out rightly");
  app->add_flag("--strict", options->strict, "what is odd in a file is an error");
  app->add_flag("--json", options->json, "JSON instead of lines");
  app->footer(
      "Example:\n"
      "  wav2vec lint film.srt --profile bbc --fps 25\n"
      "Text and times alone, without audio or model: reading speed, durations, gaps, lines, overlaps.");
  return {app, [options] { return run(*options); }};
}

}  // namespace wav2vec::app
