#include "check/rolling_text.h"

#include <doctest/doctest.h>

using namespace wav2vec;

TEST_CASE("rolling text: what the cue before showed last is not said again") {
  CHECK(new_lines("one", "one\ntwo") == "two");
  CHECK(new_lines("one\ntwo", "two\n three ") == "three ");
  CHECK(new_lines("one\ntwo", "one\ntwo\nthree") == "three");
  CHECK(new_lines("one \r", "one\ntwo") == "two");
}

TEST_CASE("rolling text: other texts, and those that are only repeated, stay whole") {
  CHECK(new_lines("one", "two\nthree") == "two\nthree");
  CHECK(new_lines("one\ntwo", "one\nthree") == "one\nthree");  // not what it ended with
  CHECK(new_lines("yes", "yes") == "yes");
  CHECK(new_lines("one", "one\n ") == "one\n ");
  CHECK(new_lines("", "\none") == "\none");
  CHECK(new_lines("", "one") == "one");
  CHECK(new_lines("one", "") == "");
}
