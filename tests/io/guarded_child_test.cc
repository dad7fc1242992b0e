#include "io/guarded_child.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <vector>

#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

TEST_CASE("a child that crashes, throws or takes too much memory is an error of its parent") {
  CHECK(run_in_child([] { return std::string("done"); }) == "done");
  CHECK_THROWS_WITH_AS(run_in_child([]() -> std::string { std::abort(); }), "its reader crashed",
                       FormatError);
  CHECK_THROWS_WITH_AS(run_in_child([]() -> std::string { throw FormatError("no"); }), "no", FormatError);
}

/// What is thrown says nothing of the data: it is no FormatError.
std::string blameless_problem(const std::function<std::string()>& work, const ChildLimits& limits) {
  try {
    return "returned " + run_in_child(work, limits);
  } catch (const FormatError& error) {
    return "blamed the data: " + std::string(error.what());
  } catch (const DataError& error) {
    return error.what();
  }
}

TEST_CASE("a child that reaches a limit or is ended by others is no proof of damage") {
  const auto compute = []() -> std::string {
    for (volatile bool going = true; going;) {
    }
    return "";
  };
  const auto wait = []() -> std::string {
    for (;;) ::pause();
  };
  CHECK(blameless_problem(compute, {.processor_seconds = 1, .seconds = 60}) ==
        "its reader did not end within 1 s of processor time");
  CHECK(blameless_problem(wait, {.processor_seconds = 5, .seconds = 1}) ==
        "its reader did not end within 1 s");
  const std::string memory = "its reader takes more memory than it may have";
  CHECK(blameless_problem([] { return std::string(size_t{8} << 30, 'x').substr(0, 1); }, {}) == memory);
  // A library that is out of memory reports whatever it was at.
  CHECK(blameless_problem(
            []() -> std::string {
              std::vector<char> much(size_t{900} << 20);
              *static_cast<volatile char*>(much.data()) = 1;
              throw FormatError("cannot read a group");
            },
            {}) == memory);
  for (const int signal : {SIGKILL, SIGTERM})
    CHECK(blameless_problem(
              [&]() -> std::string {
                ::raise(signal);
                return "";
              },
              {}) == fmt::format("its reader was ended by signal {}", signal));
  CHECK(blameless_problem([]() -> std::string { throw DataError("no"); }, {}) == "no");
  CHECK(ChildLimits::for_file(1000).processor_seconds == 5);
  CHECK(ChildLimits::for_file(uint64_t{1} << 30).processor_seconds > 100);
  CHECK(ChildLimits::for_file(uint64_t{1} << 50).processor_seconds <= 3600);
}

}  // namespace
}  // namespace wav2vec
