#pragma once
// One function per sub-command, each in the file of its name: it adds the options and says what to run.

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <string_view>

#include "wav2vec/core/exit_code.h"

namespace wav2vec::app {

inline constexpr std::string_view kVersion = "0.1.0";

/// Program-wide options, parsed before any command runs.
struct GlobalOptions {
  int threads = 0;  ///< 0 = all cores
  bool quiet = false;
  bool verbose = false;
  std::string command_line;  ///< as it was typed
};

struct Command {
  CLI::App* app = nullptr;
  std::function<ExitCode()> run;
};

Command add_align(CLI::App& program);
Command add_bench(CLI::App& program, const GlobalOptions& global);
Command add_compare_times(CLI::App& program);
Command add_programme(CLI::App& program);
Command add_synthesise(CLI::App& program);
Command add_test_head(CLI::App& program);
Command add_check(CLI::App& program);
Command add_retime(CLI::App& program);
Command add_lint(CLI::App& program);
Command add_bench_check(CLI::App& program);
Command add_convert(CLI::App& program);
Command add_doctor(CLI::App& program);
Command add_extract(CLI::App& program);
Command add_inspect(CLI::App& program);
Command add_manifest(CLI::App& program);
Command add_merge(CLI::App& program);
Command add_plan(CLI::App& program, const GlobalOptions& global);
Command add_probe(CLI::App& program, const GlobalOptions& global);
Command add_train_head(CLI::App& program);
Command add_transcribe(CLI::App& program);
Command add_text(CLI::App& program);
Command add_pretrain(CLI::App& program, const GlobalOptions& global);

}  // namespace wav2vec::app
