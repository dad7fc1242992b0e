// The scripts explain themselves without starting to work, and refuse what they do not know.

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <string>

#include "support/audio_files.h"
#include "support/temporary_folder.h"

using namespace wav2vec;

TEST_CASE("scripts: --help prints and ends, an unknown argument is one line and code 2") {
  const TemporaryFolder folder;
  const auto run = [&](const std::string& words) {
    const std::string command = "cd '" + folder.path().string() + "' && bash '" W2V_SOURCE_DIR "'/" + words +
                                " >.out 2>.err </dev/null";
    return WEXITSTATUS(std::system(command.c_str()));
  };
  const auto text = [&](const char* name) { return test::read_bytes(folder.path() / name); };
  for (const std::string script : {"scripts/demo.sh", "scripts/test.sh", "scripts/install-packages.sh",
                                   "scripts/check-onnx.sh", "scripts/evidence.sh", "bench/compare.sh"}) {
    CAPTURE(script);
    for (const std::string option : {" -h", " --help"}) {
      CHECK(run(script + option) == 0);
      CHECK(text(".out").find("--help") != std::string::npos);
      CHECK(text(".out").find("== 1/") == std::string::npos);
    }
    CHECK(run(script + " --no-such") == 2);
    CHECK(text(".out").empty());
    CHECK(text(".err") == script.substr(script.find('/') + 1) + ": unknown argument --no-such; see --help\n");
  }
}
