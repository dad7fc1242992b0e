// wav2vec plan: what it refuses before it measures, and what it says after.

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/command.h"

using namespace wav2vec;

namespace {

test::CommandResult plan(const std::vector<std::string>& more) {
  std::vector<std::string> words{"plan", "--hours", "960", "--cores", "1"};
  words.insert(words.end(), more.begin(), more.end());
  return test::run_wav2vec(words);
}

}  // namespace

TEST_CASE(
    "plan: rates and deadlines without a unit, and more ranks than micro-batches, are refused at once") {
  for (const char* rate : {"10", "10Gb", "-1Gbit", "nanGbit"}) {
    const auto result = plan({"--nodes", "2", "--network", rate});
    CHECK(result.exit_code == 2);
    CHECK(result.standard_error.find("expected bits per second such as 10Gbit") != std::string::npos);
  }
  for (const char* deadline : {"7", "7w", "-1d"}) {
    const auto result = plan({"--nodes", "2", "--deadline", deadline});
    CHECK(result.exit_code == 2);
    CHECK(result.standard_error.find("expected a time such as") != std::string::npos);
  }
  const auto many = plan({"--nodes", "81"});
  CHECK(many.exit_code == 2);
  CHECK(many.standard_error.find("no more than 80 micro-batches") != std::string::npos);
}

TEST_CASE("slow: plan: its JSON adds up, and a deadline that cannot be met is called unrealistic") {
  const auto result = plan({"--nodes", "2", "--update-seconds", "18.75", "--deadline", "1m", "--json"});
  REQUIRE(result.exit_code == 0);
  const auto told = nlohmann::json::parse(result.standard_output);
  const auto number = [&](const char* key) { return told.at(key).get<double>(); };
  CHECK(number("accumulate_batches") == 2);
  CHECK(number("update_seconds") ==
        doctest::Approx(number("compute_seconds") + number("visible_seconds") + number("optimizer_seconds")));
  CHECK(number("visible_seconds") < number("exchange_seconds"));
  CHECK(number("efficiency") > 0.0);
  CHECK(number("efficiency") <= 1.0);
  CHECK(told.at("remarks").dump().find("unrealistic") != std::string::npos);
}
