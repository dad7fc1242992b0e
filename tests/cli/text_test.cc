// wav2vec text as a person or a script uses it.

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "support/command.h"
#include "support/temporary_folder.h"
#include "wav2vec/core/file.h"

using namespace wav2vec;

namespace {

std::string run(std::vector<std::string> words) {
  words.insert(words.begin(), "text");
  const auto result = test::run_wav2vec(words);
  CHECK(result.exit_code == 0);
  CHECK(result.standard_error.empty());
  return result.standard_output;
}

TEST_CASE("text: the usual reading on a line, whatever brackets the text has") {
  CHECK(run({"--language", "cs", "Stálo to 25 Kč."}) == "stalo to dvacet pet korun\n");
  CHECK(run({"JOHN: It's 10:30."}) == "it's ten thirty\n");
  CHECK(run({"[sighs]"}) == "\n");
  CHECK(run({"[a, b] c"}) == "c\n");
  CHECK(run({""}) == "\n");
  CHECK(test::run_wav2vec({"text", "one", "two"}).exit_code == 2);
}

TEST_CASE("text: --readings shows every choice, and --max-readings how many") {
  CHECK(run({"--readings", "at 10:30"}) == "at {ten thirty|half past ten}\n");
  CHECK(run({"--readings", "--max-readings", "1", "at 10:30"}) == "at ten thirty\n");
}

TEST_CASE("text: --json is one object per text, with the bytes of words and marks") {
  const auto facts = nlohmann::json::parse(run({"--json", "<i>I</i> paid €5 😀 ខ"}));
  CHECK(facts["text"] == "<i>I</i> paid €5 😀 ខ");
  CHECK(facts["reading"] == "i paid five euros");
  REQUIRE(facts["words"].size() == 4);
  CHECK(facts["words"][2] ==
        nlohmann::json({{"text", "€5"}, {"begin", 14}, {"end", 18}, {"readings", {"five euros"}}}));
  CHECK(facts["words"][3]["readings"] == nlohmann::json({""}));
  CHECK(facts["marks"].size() == 2);
  CHECK(facts["marks"][0] == nlohmann::json({{"kind", "tag"}, {"begin", 0}, {"end", 3}}));
  CHECK(facts["letters"] == 7);
  CHECK(facts["unscored"] == 1);
  CHECK(facts["unscored_share"].get<double>() == doctest::Approx(1.0 / 7.0));
}

TEST_CASE("text: --phones shows them, or says what the build is missing") {
  const auto result = test::run_wav2vec({"text", "--phones", "--language", "cs", "V domě za 25 Kč."});
  if (result.exit_code == 2) {
    CHECK(result.standard_error.find("built without espeak-ng; install libespeak-ng-dev") !=
          std::string::npos);
    return;
  }
  CHECK(result.standard_output == "v domɲe za dvatset pjet korun\n");
  CHECK(run({"--phones", "--readings", "at 10:30"}) == "æt {tɛn θɜɾi|hæf pæst tɛn}\n");
  const auto facts = nlohmann::json::parse(run({"--phones", "--json", "at 10:30"}));
  CHECK(facts["reading"] == "at ten thirty");
  CHECK(facts["phones"] == "æt tɛn θɜɾi");
  CHECK(facts["words"][1]["readings"].size() == 2);
  CHECK(facts["words"][1]["phones"] == nlohmann::json({"tɛn θɜɾi", "hæf pæst tɛn"}));
  CHECK(test::run_wav2vec({"text", "--phones", "--language", "km", "a"}).exit_code == 2);
}

TEST_CASE("text: files line by line, a bad line is named, the others are read, and the code is 3") {
  const TemporaryFolder folder;
  const auto good = folder.path() / "good.txt";
  const auto bad = folder.path() / "bad.txt";
  write_file(good, "\xEF\xBB\xBFOne 1\r\n\n♪ la ♪\nlast");
  CHECK(run({"--file", good}) == "one one\n\n\nlast\n");
  CHECK(run({"--music", "--file", good}) == "one one\n\nla\nlast\n");
  write_file(bad, "fine\nbad \xff here\nfine too\n");
  auto result = test::run_wav2vec({"text", "--file", bad});
  CHECK(result.exit_code == 3);
  CHECK(result.standard_output == "fine\nfine too\n");
  CHECK(result.standard_error.find("bad.txt:2: byte 4 (0xff) is no UTF-8") != std::string::npos);
  CHECK(std::count(result.standard_error.begin(), result.standard_error.end(), '\n') == 1);
  CHECK(run({"--replace-invalid", "--file", bad}) == "fine\nbad here\nfine too\n");

  write_file(bad, std::string((1 << 20) + 1, 'a'));
  result = test::run_wav2vec({"text", "--file", bad});
  CHECK(result.exit_code == 3);
  CHECK(result.standard_error.find("bad.txt:1: a line of more than 1048576 bytes") != std::string::npos);
  result = test::run_wav2vec({"text", "--file", "/dev/zero"});
  CHECK(result.exit_code == 3);
  for (const std::string& path : {folder.path().string(), (folder.path() / "none").string()}) {
    result = test::run_wav2vec({"text", "--file", path});
    CHECK(result.exit_code == 3);
    CHECK(result.standard_error.find(path) != std::string::npos);
  }
}

TEST_CASE("text: a language that nobody knows is a wrong command line") {
  for (const std::string language : {"xx", "", "a\nb"}) {
    const auto result = test::run_wav2vec({"text", "--language", language, "hello"});
    CHECK(result.exit_code == 2);
    CHECK(std::count(result.standard_error.begin(), result.standard_error.end(), '\n') == 1);
  }
}

}  // namespace
