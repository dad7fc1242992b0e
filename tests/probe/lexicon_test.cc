#include "wav2vec/probe/lexicon.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/temporary_folder.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/file.h"

namespace wav2vec {
namespace {

using Names = std::vector<std::string>;

Lexicon lexicon(const std::string& text, Stress stress = Stress::remove) {
  const TemporaryFolder folder;
  write_file(folder.path() / "lexicon.txt", text);
  return read_lexicon(folder.path() / "lexicon.txt", stress);
}

std::string message_of(const std::string& text) {
  try {
    lexicon(text);
  } catch (const DataError& error) {
    const std::string message = error.what();
    return message.substr(message.find("lexicon.txt"));
  }
  return "";
}

const std::string kText = "A\tAH0\nA  EY1\r\nABOUT AH0 B AW1 T\n\n<sil> SIL\nFIVE  F AY1 V";

TEST_CASE("lexicon: the first pronunciation, with and without stress") {
  const Lexicon plain = lexicon(kText);
  CHECK(*plain.find("A") == Names{"AH"});
  CHECK(*plain.find("ABOUT") == Names{"AH", "B", "AW", "T"});
  CHECK(plain.find("about") == nullptr);
  CHECK(plain.phones() == Names{"AH", "AW", "AY", "B", "F", "SIL", "T", "V"});
  const Lexicon stressed = lexicon(kText, Stress::keep);
  CHECK(*stressed.find("ABOUT") == Names{"AH0", "B", "AW1", "T"});
  // A phone that is a digit has no stress to lose.
  CHECK(*lexicon("MA m a 1\n").find("MA") == Names{"m", "a", "1"});
}

TEST_CASE("lexicon: targets of a text, and what it does not hold") {
  const Lexicon plain = lexicon(kText);
  const PhoneTargets targets = phones_of(plain, "  FIVE about A  ZEBRA");
  CHECK(targets.phones == Names{"F", "AY", "V", "AH"});
  CHECK(targets.unknown_words == Names{"about", "ZEBRA"});
  CHECK(phones_of(plain, "").phones.empty());
  CHECK(missing_words(plain, Names{"A ZEBRA", "FIVE", "ZEBRA GNU"}) ==
        std::map<std::string, int64_t>{{"GNU", 1}, {"ZEBRA", 2}});
}

TEST_CASE("lexicon: what is wrong is said with file and line") {
  CHECK(message_of("A AH0\nB\n").starts_with("lexicon.txt:2: expected"));
  CHECK(message_of("A 1.0 AH0\n").starts_with("lexicon.txt:1: a probability"));
  CHECK(message_of("\n").starts_with("lexicon.txt: no words"));
  CHECK(message_of("\x1b[2J\n").find('\x1b') == std::string::npos);
}

}  // namespace
}  // namespace wav2vec
