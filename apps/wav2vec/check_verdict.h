#pragma once
// From what a check found to an exit code, as the caller wants it.

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "wav2vec/check/report.h"
#include "wav2vec/core/exit_code.h"

namespace wav2vec::app {

/// States of a file, and "wrong", "review" and "gaps": cues of these bands, speech without a cue.
inline constexpr std::string_view kFindings[] = {
    "offset", "drift", "cut", "wrong_content", "wrong_language", "wrong", "review", "gaps", "unsure"};

struct VerdictOptions {
  std::vector<std::string> fail_on = {"offset", "drift", "cut", "wrong_content", "wrong_language", "wrong"};
  bool pass_unsure = false;
};

void add_verdict_options(CLI::App& app, VerdictOptions& options);

ExitCode verdict_of(const CheckResult& result, const VerdictOptions& options);

/// Of several: problems before unsure before right.
ExitCode worse(ExitCode a, ExitCode b);

}  // namespace wav2vec::app
