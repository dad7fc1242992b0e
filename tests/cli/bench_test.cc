#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "support/command.h"
#include "wav2vec/nn/packed_weights.h"

using namespace wav2vec;
using test::run_wav2vec;

TEST_CASE("bench prints the baseline's keys and its own") {
  const auto result = run_wav2vec({"bench", "--dtype", "f32", "--seconds", "0.5", "--repeat", "1", "--json"});
  CHECK(result.exit_code == 0);
  const auto json = nlohmann::json::parse(result.standard_output);
  CHECK(json["dtype"] == "fp32");
  CHECK(json["batch"] == 1);
  for (const char* what : {"features", "step"}) {
    CAPTURE(what);
    CHECK(json[what]["best_s"].get<double>() > 0.0);
    CHECK(json[what]["median_s"].get<double>() >= json[what]["best_s"].get<double>());
    CHECK(json[what]["audio_s_per_s"].get<double>() > 0.0);
  }
  CHECK(json["peak_rss_mib"].get<int>() > 100);  // the parameters and their gradients alone are 118 MiB
  CHECK(json["stages_s"].size() == 4);
}

TEST_CASE("bench leaves out the step when it is told to, and refuses what it does not know") {
  const auto result =
      run_wav2vec({"bench", "--features-only", "--seconds", "0.5", "--repeat", "1", "--json"});
  CHECK(result.exit_code == 0);
  const auto json = nlohmann::json::parse(result.standard_output);
  CHECK_FALSE(json.contains("step"));
  CHECK(json["dtype"] == (supports_bf16() ? "bf16" : "fp32"));
  CHECK(run_wav2vec({"bench", "--dtype", "fp8"}).exit_code == 2);
  CHECK(run_wav2vec({"bench", "--seconds", "-1"}).exit_code == 2);
}
