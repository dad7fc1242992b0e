// Reports of check in the hands of others: a validator of JSON Schema, and a browser.

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/wait.h>

#include <cstdlib>

#include "support/check_report.h"
#include "support/command.h"
#include "support/shell.h"
#include "support/speech_like.h"
#include "support/temporary_folder.h"
#include "wav2vec/check/check_page.h"
#include "wav2vec/core/file.h"

using namespace wav2vec;
namespace fs = std::filesystem;

namespace {

constexpr const char* kSubtitle =
    "1\n00:00:01,000 --> 00:00:03,000\n<script>stolen=1</script> and then he said\n\n"
    "2\n00:00:04,000 --> 00:00:06,000\nWe have to leave before it is dark.\n\n"
    "3\n00:00:07,000 --> 00:00:09,000\n</script><img src=x onerror=stolen=1> who is there\n\n"
    "4\n00:00:10,000 --> 00:00:12,000\n\xE2\x99\xAA \xE2\x99\xAA\n\n"
    "5\n00:00:13,000 --> 00:00:15,000\nNothing of this is in the recording.\n\n"
    "6\n00:00:16,000 --> 00:00:18,000\nIt is but a tone that goes up and down.\n\n";

/// What the program says of a recording in which nobody speaks.
void check_by_program(const fs::path& folder) {
  test::write_wav(folder / "media.wav", test::glide(5, 20 * 16000));
  write_file(folder / "film.srt", kSubtitle);
  const auto ran =
      test::run_wav2vec({"check", (folder / "media.wav").string(), (folder / "film.srt").string(), "--json",
                         (folder / "report.json").string(), "--html", (folder / "page.html").string()});
  CAPTURE(ran.standard_error);
  REQUIRE((ran.exit_code == 1 || ran.exit_code == 7));
}

/// The distribution's interpreter may have what the first one in the path has not, and the other way round.
std::string python_with_jsonschema(const fs::path& folder) {
  for (const char* python : {"/usr/bin/python3", "python3"})
    if (test::run_shell(fmt::format("{} -c 'import jsonschema'", python), folder).exit_code == 0)
      return python;
  return "";
}

}  // namespace

TEST_CASE("check report: a validator of JSON Schema accepts it") {
  const TemporaryFolder scratch;
  const fs::path& folder = scratch.path();
  const std::string python = python_with_jsonschema(folder);
  if (python.empty()) {
    MESSAGE("SKIPPED, nothing was checked: needs Debian's python3-jsonschema");
    return;
  }
  check_by_program(folder);
  write_file(folder / "example.json", check_json(test::check_report(42)));
  write_file(folder / "validate.py",
             "import json, sys, jsonschema\n"
             "schema = json.load(open(sys.argv[1]))\n"
             "validator = jsonschema.validators.validator_for(schema, default=None)\n"
             "validator.check_schema(schema)\n"
             "for name in sys.argv[2:]:\n"
             "    report = json.load(open(name))\n"
             "    validator(schema).validate(report)\n"
             "    report['cues'][0]['band'] = 'fine'\n"
             "    assert not validator(schema).is_valid(report)\n"
             "    print('valid', len(report['cues']))\n");
  const test::ShellResult ran =
      test::run_shell(fmt::format("{} '{}' '{}/docs/check-report.schema.json' '{}' '{}'", python,
                                  (folder / "validate.py").string(), W2V_SOURCE_DIR,
                                  (folder / "report.json").string(), (folder / "example.json").string()),
                      folder);
  CHECK(ran.output == "valid 6\nvalid 42\n");
}

TEST_CASE(
    "slow: check report: in a browser the page works by mouse and keys, and what was checked stays text") {
  const TemporaryFolder scratch;
  const fs::path& folder = scratch.path();
  check_by_program(folder);
  const auto open = [&](const char* page, const char* more) {
    return test::run_shell(fmt::format("python3 '{}/tests/consumers/open_check_page.py' '{}' {}",
                                       W2V_SOURCE_DIR, (folder / page).string(), more),
                           folder);
  };
  test::ShellResult ran = open("page.html", "");
  if (ran.exit_code == 77 || ran.exit_code == 127) {
    MESSAGE("SKIPPED, nothing was checked: needs python3 and Debian's chromium");
    return;
  }
  CHECK_MESSAGE(ran.exit_code == 0, ran.output);
  // Everything that a report can have, hostile, 2,000 times; its recording is not where it was.
  write_file(folder / "long.html",
             check_page(test::check_report(2000, test::kHostileText), {.media_address = "gone.wav"}));
  ran = open("long.html", "--no-media");
  CHECK_MESSAGE(ran.exit_code == 0, ran.output);
}
