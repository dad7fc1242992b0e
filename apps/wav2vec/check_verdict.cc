#include "check_verdict.h"

#include <algorithm>

namespace wav2vec::app {

void add_verdict_options(CLI::App& app, VerdictOptions& options) {
  app.add_option("--fail-on", options.fail_on,
                 "what ends with code 1: offset, drift, cut, wrong_content, wrong_language, wrong or review "
                 "(cues), gaps "
                 "(speech without a cue), unsure")
      ->delimiter(',')
      ->check(CLI::IsMember(std::vector<std::string>(std::begin(kFindings), std::end(kFindings))))
      ->default_str("offset,drift,cut,wrong_content,wrong_language,wrong");
  app.add_flag("--pass-unsure", options.pass_unsure, "a file that cannot be judged ends with code 0");
}

ExitCode verdict_of(const CheckResult& result, const VerdictOptions& options) {
  const auto fails = [&](std::string_view finding) {
    return std::ranges::find(options.fail_on, finding) != options.fail_on.end();
  };
  const auto any = [&](CueBand band) { return result.bands[static_cast<size_t>(band)] > 0; };
  if (fails(kFileStateNames[static_cast<size_t>(result.state)])) return ExitCode::problems_found;
  if (result.state == FileState::unsure) return options.pass_unsure ? ExitCode::ok : ExitCode::unsure;
  const bool cues = (any(CueBand::wrong) && fails("wrong")) || (any(CueBand::review) && fails("review"));
  const bool gaps = !result.uncovered.empty() && fails("gaps");
  return cues || gaps ? ExitCode::problems_found : ExitCode::ok;
}

ExitCode worse(ExitCode a, ExitCode b) {
  const auto rank = [](ExitCode code) {
    switch (code) {
      case ExitCode::ok:
        return 0;
      case ExitCode::unsure:
        return 1;
      case ExitCode::problems_found:
        return 2;
      default:
        return 3;
    }
  };
  return rank(a) >= rank(b) ? a : b;
}

}  // namespace wav2vec::app
