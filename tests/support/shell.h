#pragma once
// Runs other people's programs by the shell.

#include <fmt/format.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "wav2vec/core/file.h"

namespace wav2vec::test {

struct ShellResult {
  int exit_code = 0;
  std::string output;  ///< standard output and error
};

/// `folder` gets a file "output".
inline ShellResult run_shell(const std::string& command, const std::filesystem::path& folder) {
  const std::filesystem::path out = folder / "output";
  const int status = std::system(fmt::format("{} >'{}' 2>&1 </dev/null", command, out.string()).c_str());
  return {WEXITSTATUS(status), read_file(out, uint64_t{1} << 24)};
}

}  // namespace wav2vec::test
