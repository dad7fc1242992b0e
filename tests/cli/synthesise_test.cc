// wav2vec synthesise as a person uses it. What voices say: tests/synthesis.

#include <doctest/doctest.h>

#include <algorithm>

#include "support/command.h"
#include "support/temporary_folder.h"
#include "wav2vec/core/file.h"
#include "wav2vec/data/ctm.h"
#include "wav2vec/data/manifest.h"

using namespace wav2vec;

TEST_CASE("synthesise: a manifest whose utterances have the times of their words and phones") {
  const TemporaryFolder folder;
  const auto texts = folder.path() / "texts.txt";
  const auto out = folder.path() / "what is said";
  write_file(texts, "Seven cats.\n\n[sighs]\nIt was $5.\n");
  const auto result =
      test::run_wav2vec({"synthesise", "--texts", texts, "--voice", "flite:slt", "--out", out});
  if (result.standard_error.find("built without flite") != std::string::npos) {
    MESSAGE("SKIPPED, nothing was checked: no flite");
    return;
  }
  CHECK(result.exit_code == 0);
  CHECK(result.standard_output.find("2 utterances") != std::string::npos);
  CHECK(result.standard_output.find("1 with the times of their words") != std::string::npos);
  CHECK(result.standard_output.find("1 in which nothing is spoken left out") != std::string::npos);
  const Manifest manifest = read_manifest(out / "manifest.jsonl");
  REQUIRE(manifest.utterances.size() == 2);
  CHECK(manifest.utterances[0].text == "Seven cats.");
  CHECK(manifest.utterances[0].id == "what_is_said_000001");
  CHECK(manifest.utterances[0].speaker == "flite:slt");
  const Alignment words = read_ctm(out / "words.ctm");
  REQUIRE(words.find(manifest.utterances[0].id) != nullptr);
  CHECK(words.find(manifest.utterances[0].id)->size() == 2);
  CHECK(words.find(manifest.utterances[1].id) == nullptr);
  CHECK(read_ctm(out / "phones.ctm").find(manifest.utterances[1].id) != nullptr);
  const auto again =
      test::run_wav2vec({"synthesise", "--texts", texts, "--voice", "flite:slt", "--out", out});
  CHECK(again.exit_code == 2);
  CHECK(again.standard_error.find("is not empty") != std::string::npos);
}

TEST_CASE("synthesise: bad input is named, and nothing is written") {
  const TemporaryFolder folder;
  const auto texts = folder.path() / "texts.txt";
  const auto out = folder.path() / "said";
  write_file(texts, "One.\n");
  const auto run = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "synthesise");
    return test::run_wav2vec(words);
  };
  const auto refused = [&](std::vector<std::string> words, int code, const std::string& reason) {
    const auto result = run(std::move(words));
    CHECK(result.exit_code == code);
    CHECK_MESSAGE(result.standard_error.find(reason) != std::string::npos, result.standard_error);
    CHECK(std::ranges::count(result.standard_error, '\n') == 1);
    CHECK_FALSE(std::filesystem::exists(out));
  };
  refused({"--texts", texts, "--voice", "nobody", "--out", out}, 2, "\"nobody\" is no voice");
  refused({"--texts", folder.path() / "none.txt", "--voice", "flite:slt", "--out", out}, 3, "none.txt");
  refused({"--texts", texts, "--voice", "flite:slt", "--language", "xx-nowhere!", "--out", out}, 2,
          "xx-nowhere!");
  refused({"--texts", texts, "--voice", "flite:slt", "--tempo", "2", "1", "--out", out}, 2,
          "the smaller one first");
  refused({"--texts", texts, "--voice", "espeak:!v/f3", "--out", out}, 2, "espeak");
  refused({"--texts", texts, "--voice", "espeak:" + std::string(5000, 'a'), "--out", out}, 2, "espeak");
  write_file(texts, "\n");
  refused({"--texts", texts, "--voice", "flite:slt", "--out", out}, 3, "no text");
}
