#pragma once
// Runs the built program as a user would.

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

namespace wav2vec::test {

struct CommandResult {
  int exit_code = 0;  ///< 128 + signal if it was killed
  std::string standard_output;
  std::string standard_error;
};

/// Any program that is found on the PATH, or by its path.
CommandResult run_program(const std::string& program, const std::vector<std::string>& arguments,
                          double kill_after_seconds = -1.0, int signal = SIGKILL);

/// Waits for `wav2vec arguments…`; with `kill_after_seconds` ≥ 0 sends `signal` then.
CommandResult run_wav2vec(const std::vector<std::string>& arguments, double kill_after_seconds = -1.0,
                          int signal = SIGKILL);

}  // namespace wav2vec::test
