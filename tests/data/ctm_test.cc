#include "wav2vec/data/ctm.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/temporary_folder.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/file.h"

namespace wav2vec {
namespace {

Alignment ctm(const std::string& text) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.ctm", text);
  return read_ctm(folder.path() / "a.ctm");
}

std::string message_of(const std::string& text) {
  try {
    ctm(text);
  } catch (const DataError& error) {
    const std::string message = error.what();
    return message.substr(message.find("a.ctm"));
  }
  return "";
}

TEST_CASE("ctm: lenient on blanks, order, comments and posteriors") {
  const Alignment alignment =
      ctm("\xEF\xBB\xBF;; a comment\r\n"
          "b.wav A 0.50\t0.25   AH  0.9 lex\r\n"
          "\n"
          "  a.wav 1 0 1.5e-1 SIL\n"
          "b.wav A 0.00 0.5 B NA");
  REQUIRE(alignment.utterances.size() == 2);
  CHECK(*alignment.find("a.wav") == std::vector<TimedLabel>{{0.0, 0.15, "SIL", -1.0}});
  CHECK(*alignment.find("b.wav") == std::vector<TimedLabel>{{0.0, 0.5, "B", -1.0}, {0.5, 0.25, "AH", 0.9}});
}

TEST_CASE("ctm: what is wrong is said with file and line") {
  CHECK(message_of("a 1 0 1 x\na 1 0 1\n").starts_with("a.ctm:2: expected"));
  CHECK(message_of("\n\na 1 zero 1 x\n").starts_with("a.ctm:3: expected"));
  CHECK(message_of("a 1 0 -1 x\n").starts_with("a.ctm:1: "));
  CHECK(message_of("a 1 nan 1 x\n").starts_with("a.ctm:1: "));
  CHECK(message_of("a 1 0 1e300 x\n").starts_with("a.ctm:1: "));
  CHECK(message_of("a 1 0 1 x sure\n").starts_with("a.ctm:1: "));
  CHECK(message_of("a 1 0 1 x\na 2 0 1 x\n").starts_with("a.ctm:2: \"a\" has a channel"));
  CHECK(message_of(std::string("a 1 0 1 \0x\n", 11)).starts_with("a.ctm:1: a NUL"));
  CHECK(message_of(";; nothing\n").starts_with("a.ctm: no labels"));
  CHECK(message_of("a 1 \x1b[31m 1 x\n").find('\x1b') == std::string::npos);
  CHECK_THROWS_AS(read_ctm("/nowhere/at/all.ctm"), DataError);
}

TEST_CASE("ctm: utterances are found with and without their extension") {
  const Alignment alignment =
      ctm("audio/one.wav 1 0 1 a\naudio/two 1 0 1 b\nx.wav 1 0 1 c\nx.flac 1 0 1 d\nsession.1 1 0 1 e\n");
  const auto label = [&](const char* name) {
    const auto* labels = alignment.find(name);
    return labels == nullptr ? std::string("-") : labels->at(0).label;
  };
  CHECK(label("audio/one.wav") == "a");
  CHECK(label("audio/one") == "a");
  CHECK(label("audio/two.opus") == "b");
  CHECK(label("x.wav") == "c");
  CHECK(label("x") == "-");        // two that could be meant
  CHECK(label("one.wav") == "-");  // another path
  CHECK(label("session") == "-");  // .1 is no extension
  CHECK(label("session.1") == "e");
  CHECK(label("audio/on") == "-");
}

}  // namespace
}  // namespace wav2vec
