// What inspect says of runs, models and features.

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "support/command.h"
#include "support/speech_like.h"
#include "support/temporary_folder.h"
#include "wav2vec/core/file.h"

using namespace wav2vec;
namespace fs = std::filesystem;

namespace {

constexpr const char* kRecipe = R"([model]
encoder_channels = [8, 8, 8, 8, 8]
context_channels = [8]
context_kernels = [3]
[data]
min_samples = 4000
crop_samples = 9500
batch_samples = 40000
valid_fraction = 0.2
[train]
max_updates = 4
valid_every = 2
save_every = 2
)";

nlohmann::json inspect(std::vector<std::string> words) {
  words.insert(words.begin(), {"inspect", "--json"});
  const auto result = test::run_wav2vec(words);
  REQUIRE(result.exit_code == 0);
  return nlohmann::json::parse(result.standard_output);
}

}  // namespace

TEST_CASE("inspect: a run tells how far it is, tensors are listed on request, archives are counted") {
  const TemporaryFolder folder;
  const fs::path corpus = test::write_corpus(folder.path(), 10);
  const fs::path recipe = folder.path() / "tiny.toml";
  const fs::path run = folder.path() / "run";
  write_file(recipe, kRecipe);
  const std::vector<std::string> train{"pretrain", "--config", recipe, "--train", corpus, "--out", run};
  REQUIRE(test::run_wav2vec(train).exit_code == 0);

  auto facts = inspect({run.string()})[0];
  CHECK(facts["kind"] == "run");
  CHECK(facts["updates"] == 4);
  CHECK(facts["max_updates"] == 4);
  CHECK(facts["finished"] == true);
  CHECK(facts["last_checkpoint"] == 4);
  CHECK(facts["best_valid_bits"].is_number());
  CHECK(facts["tensor_count"].get<int>() > 3);
  CHECK_FALSE(facts.contains("tensors"));
  CHECK(inspect({"--tensors", run.string()})[0]["tensors"].size() == facts["tensor_count"]);

  const auto text = test::run_wav2vec({"inspect", run, corpus}).standard_output;
  CHECK(text.find("  finished: yes\n") != std::string::npos);
  CHECK(text.find("feature_extractor") == std::string::npos);
  CHECK(text.find(" s)\n") != std::string::npos);  // the manifest's hours, in seconds
  CHECK(test::run_wav2vec({"inspect", "--tensors", run}).standard_output.find("feature_extractor") !=
        std::string::npos);

  const fs::path features = folder.path() / "features";
  REQUIRE(test::run_wav2vec({"extract", "--model", run, "--format", "ark", "--out", features, corpus})
              .exit_code == 0);
  for (const auto& archive :
       inspect({(features / "feats.ark").string(), (features / "feats.scp").string()})) {
    CHECK(archive["kind"] == "features");
    CHECK(archive["utterances"] == 10);
    CHECK(archive["channels"] == 8);
  }

  fs::remove_all(run / "checkpoints");
  fs::remove(run / "metrics.jsonl");
  facts = inspect({run.string()})[0];
  CHECK(facts["updates"] == 0);
  CHECK(facts["finished"] == false);
  CHECK_FALSE(facts.contains("last_checkpoint"));
}
