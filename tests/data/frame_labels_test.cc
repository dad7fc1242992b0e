#include "wav2vec/data/frame_labels.h"

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
