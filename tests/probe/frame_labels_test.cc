#include "wav2vec/probe/frame_labels.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/temporary_folder.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/file.h"

namespace wav2vec {
namespace {

using Names = std::vector<std::string>;
using Frames = std::vector<int32_t>;

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

TEST_CASE("classes: sorted by name, without the ignored ones") {
  const Alignment alignment = ctm("a 1 0 1 Z\na 1 1 1 SIL\na 1 2 1 AA\nb 1 0 1 Z\nb 1 1 1 aa\n");
  const LabelClasses classes = label_classes(alignment, Names{"SIL"});
  CHECK(classes.names == Names{"AA", "Z", "aa"});
  CHECK(classes.index_of("Z") == 1);
  CHECK(classes.index_of("SIL") == -1);
  CHECK(classes.index_of("") == -1);
  CHECK(label_classes(alignment).count() == 4);
}

TEST_CASE("frame labels: the centre of the frame decides") {
  const std::vector<TimedLabel> labels{{0.0, 0.03, "a"}, {0.03, 0.02, "sil"}, {0.06, 0.02, "b"}};
  const LabelClasses classes{{"a", "b"}};
  // Centres at 15, 25, 35, … ms.
  CHECK(frame_labels(labels, classes, {0.015, 0.01}, 8) == Frames{0, 0, -1, -1, -1, 1, 1, -1});
  // A centre on the border belongs to what begins there, whatever the rounding of the sums.
  CHECK(frame_labels(labels, classes, {0.0, 0.01}, 9) == Frames{0, 0, 0, -1, -1, -1, 1, 1, -1});
  CHECK(frame_labels(labels, classes, {0.0, 0.1}, 2) == Frames{0, -1});
  CHECK(frame_labels(labels, classes, {-0.02, 0.01}, 4) == Frames{-1, -1, 0, 0});
  CHECK(frame_labels(labels, classes, {0.015, 0.01}, 0).empty());
}

TEST_CASE("frame labels: labels that touch leave no frame between them") {
  std::vector<TimedLabel> labels;
  for (int i = 0; i < 5000; ++i)
    labels.push_back({static_cast<double>(i) * 0.07, 0.07, i % 2 == 0 ? "a" : "b"});
  const LabelClasses classes{{"a", "b"}};
  const Frames frames = frame_labels(labels, classes, {0.0, 0.01}, 35000);
  for (size_t t = 0; t < frames.size(); ++t) REQUIRE(frames[t] == static_cast<int32_t>(t / 7 % 2));
}

TEST_CASE("frame labels: of two that overlap the later one") {
  const std::vector<TimedLabel> labels{{0.0, 0.05, "a"}, {0.03, 0.01, "b"}};
  CHECK(frame_labels(labels, {{"a", "b"}}, {0.005, 0.01}, 6) == Frames{0, 0, 0, 1, 0, -1});
}

TEST_CASE("characters: a word's time in equal shares") {
  const Alignment words = ctm("u 1 1.0 0.6 b\xC3\xA4r 0.5\nu 1 1.6 0.4 <sil>\n");
  const Alignment characters = spread_over_characters(words, Names{"<sil>"});
  const std::vector<TimedLabel>& labels = *characters.find("u");
  REQUIRE(labels.size() == 4);
  CHECK(labels[0].label == "b");
  CHECK(labels[1].label == "\xC3\xA4");
  CHECK(labels[1].start_seconds == doctest::Approx(1.2));
  CHECK(labels[2].end_seconds() == doctest::Approx(1.6));
  CHECK(labels[2].posterior == doctest::Approx(0.5));
  CHECK(labels[3] == TimedLabel{1.6, 0.4, "<sil>", -1.0});
  CHECK(label_classes(characters, Names{"<sil>"}).names == Names{"b", "r", "\xC3\xA4"});
  CHECK(spread_over_characters(words).utterances.at("u").size() == 8);
}

}  // namespace
}  // namespace wav2vec
