// wav2vec plan: what it refuses before it measures, and what it says after.

#include <doctest/doctest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/command.h"
#include "support/temporary_folder.h"
#include "wav2vec/core/file.h"

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

TEST_CASE(
    "plan: from what was measured, its JSON adds up, and a deadline that cannot be met is unrealistic") {
  const TemporaryFolder folder;
  const std::filesystem::path measured = folder.path() / "node.json";
  const std::string words =
      R"({"model": "base", "dtype": "f32", "step_seconds_one_thread": 0.5, "step_seconds": 0.25, "threads": 2,
      "backward_share": 0.6, "update_seconds_per_value": 1e-9, "add_seconds_per_value": 1e-9})";
  write_file(measured, words);
  const std::vector<std::string> call{"--nodes",    "2",  "--update-seconds", "18.75",  "--dtype", "f32",
                                      "--deadline", "1m", "--measured",       measured, "--json"};
  const auto result = plan(call);
  INFO(result.standard_error);
  REQUIRE(result.exit_code == 0);
  const auto told = nlohmann::json::parse(result.standard_output);
  const auto number = [&](const char* key) { return told.at(key).get<double>(); };
  CHECK(number("accumulate_batches") == 2);
  CHECK(number("compute_seconds") == doctest::Approx(9.375 * 0.5));
  CHECK(number("update_seconds") ==
        doctest::Approx(number("compute_seconds") + number("visible_seconds") + number("optimizer_seconds")));
  CHECK(number("visible_seconds") < number("exchange_seconds"));
  CHECK(number("epoch_seconds") == doctest::Approx(960 * 3600 / 18.75 * number("update_seconds")));
  CHECK(told.at("remarks").dump().find("unrealistic") != std::string::npos);
  // What it says can be read again.
  write_file(measured, result.standard_output);
  CHECK(plan(call).standard_output == result.standard_output);
  for (const char* bad : {"", "[]", "{}", R"({"model": "base", "dtype": "f32", "threads": "two"})"}) {
    write_file(measured, bad);
    CHECK(plan(call).exit_code == 3);
  }
  std::string negative = words;
  negative.replace(negative.find("0.25"), 4, "-1.0");
  write_file(measured, negative);
  CHECK(plan(call).exit_code == 3);
  std::string other = words;
  other.replace(other.find("base"), 4, "tiny");
  write_file(measured, other);
  CHECK(plan(call).exit_code == 2);
}

TEST_CASE("slow: plan: measures this machine") {
  const auto result = plan({"--nodes", "2", "--update-seconds", "18.75"});
  CHECK(result.exit_code == 0);
  CHECK(result.standard_output.find("proposed:      train.accumulate_batches=2") != std::string::npos);
}
