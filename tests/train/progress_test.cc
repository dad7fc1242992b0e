#include "wav2vec/train/progress.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace wav2vec;

namespace {

int cells(const std::string& text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

ProgressView pretraining() {
  return {.label = "pretrain",
          .unit = "updates",
          .done = 120,
          .total = 1463,
          .detail = "loss 4.72 bits",
          .audio_seconds_per_second = 31.2,
          .seconds_left = 725};
}

}  // namespace

TEST_CASE("the plain line says everything and only what is known") {
  CHECK(format_progress_line(pretraining()) ==
        "pretrain 120/1463 updates (8 %), loss 4.72 bits, 31 audio s/s, 12 min left");
  CHECK(format_progress_line({.label = "doctor", .unit = "files", .done = 7}) == "doctor 7 files");
}

TEST_CASE("the bar fits every terminal and drops what matters least first") {
  for (const bool unicode : {false, true}) {
    for (int columns = 0; columns <= 200; ++columns) {
      const std::string line = format_progress_bar(pretraining(), {.columns = columns, .unicode = unicode});
      CHECK(cells(line) <= std::max(columns - 1, 0));
    }
  }
  const auto at = [](int columns) {
    return format_progress_bar(pretraining(), {.columns = columns, .unicode = false});
  };
  CHECK(at(120) ==
        "pretrain ###..................................... 8 %  "
        "120/1463 updates, loss 4.72 bits, 31 audio s/s, 12 min left");
  CHECK(at(80) == "pretrain ..... 8 %  120/1463 updates, loss 4.72 bits, 31 audio s/s, 12 min left");
  CHECK(at(70) == "pretrain 8 %  120/1463, loss 4.72 bits, 31 audio s/s, 12 min left");
  CHECK(at(43) == "pretrain 8 %  loss 4.72 bits, 12 min left");
  CHECK(at(40) == "pretrain 8 %  12 min left");
}

TEST_CASE("the bar is empty at the start, full at the end and absent without a total") {
  const ProgressStyle style{.columns = 60, .unicode = true};
  CHECK_FALSE(
      contains(format_progress_bar({.label = "x", .unit = "files", .done = 0, .total = 5}, style), "━"));
  const auto full = format_progress_bar({.label = "x", .unit = "files", .done = 5, .total = 5}, style);
  CHECK_FALSE(contains(full, "─"));
  CHECK(contains(full, "100 %"));
  CHECK(
      contains(format_progress_bar({.label = "x", .unit = "files", .done = 9, .total = 5}, style), "100 %"));
  CHECK(format_progress_bar({.label = "x", .unit = "files", .done = 5}, style) == "x  5 files");
}

TEST_CASE("color changes nothing but the escapes") {
  const std::string plain = format_progress_bar(pretraining(), {.columns = 100, .color = false});
  std::string colored = format_progress_bar(pretraining(), {.columns = 100, .color = true});
  CHECK(contains(colored, "\x1b["));
  CHECK_FALSE(contains(plain, "\x1b"));
  for (size_t at = 0; (at = colored.find("\x1b[")) != std::string::npos;)
    colored.erase(at, colored.find('m', at) - at + 1);
  CHECK(colored == plain);
}

TEST_CASE("the rate is that of the last minute") {
  MovingRate rate;
  CHECK(rate.per_second() == 0.0);
  rate.add(0.0, 100);
  CHECK(rate.per_second() == 0.0);
  rate.add(0.001, 100);
  rate.add(10.0, 120);
  CHECK(rate.per_second() == doctest::Approx(2.0).epsilon(0.01));
  for (int second = 11; second <= 200; ++second) rate.add(second, 120 + 5.0 * (second - 10));
  CHECK(rate.per_second() == doctest::Approx(5.0));
}
