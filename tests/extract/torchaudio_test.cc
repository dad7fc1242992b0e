// Beside torchaudio itself (Debian's python3-torchaudio): filter banks, MFCC and sliding CMVN of real speech.
//
// $W2V_SPEECH names a folder of speech: twenty of its files are taken then, spread over the folder; else the
// second that is kept in tests/data. $W2V_PYTHON is another interpreter than /usr/bin/python3.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "support/feature_matrix.h"
#include "support/kaldi_features.h"
#include "support/temporary_folder.h"
#include "wav2vec/audio/audio_reader.h"
#include "wav2vec/extract/cmvn.h"
#include "wav2vec/io/npy.h"

using namespace wav2vec;
using namespace wav2vec::test;
namespace fs = std::filesystem;

namespace {

std::string python() {
  const char* chosen = std::getenv("W2V_PYTHON");
  return chosen != nullptr ? chosen : "/usr/bin/python3";
}

bool has_torchaudio() {
  if (std::system(("'" + python() + "' -c 'import torchaudio' >/dev/null 2>&1").c_str()) == 0) return true;
  MESSAGE("SKIPPED: " << python()
                      << " cannot import torchaudio; apt install python3-torchaudio, or set W2V_PYTHON");
  return false;
}

std::vector<fs::path> speech_files() {
  const char* folder = std::getenv("W2V_SPEECH");
  if (folder == nullptr) return {fs::path(W2V_TEST_DATA) / "kaldi" / "speech.wav"};
  std::vector<fs::path> all;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string kind = entry.path().extension().string();
    if (kind == ".opus" || kind == ".ogg" || kind == ".wav" || kind == ".flac") all.push_back(entry.path());
  }
  std::sort(all.begin(), all.end());
  constexpr size_t kFiles = 20;
  std::vector<fs::path> files;
  for (size_t i = 0; i < std::min(kFiles, all.size()); ++i)
    files.push_back(all[i * all.size() / std::min(kFiles, all.size())]);
  return files;
}

void write_matrix(const fs::path& path, const std::vector<float>& values, std::vector<int64_t> shape) {
  write_npy(path, values, shape);
}

void run_torchaudio(const fs::path& folder) {
  const std::string command =
      fmt::format("'{}' '{}/make_kaldi_features.py' '{}'", python(), W2V_TEST_DATA, folder.string());
  REQUIRE(std::system(command.c_str()) == 0);
}

std::vector<float> floats_of(const fs::path& path) { return read_npy(path).floats(); }

}  // namespace

// torchaudio computes in float32; where a faint band lies beside a loud one, its own rounding is what one
// sees. So a value may be further from torchaudio's than 1e-3 by as much as torchaudio is from its float64
// self.
TEST_CASE("torchaudio computes the same filter banks and MFCC of real speech") {
  if (!has_torchaudio()) return;
  const TemporaryFolder temporary;
  std::vector<std::vector<float>> waves;
  for (const fs::path& file : speech_files()) {
    waves.push_back(read_audio(file).samples);
    write_matrix(temporary.path() / fmt::format("{}.wave.npy", waves.size() - 1), waves.back(),
                 {std::ssize(waves.back())});
  }
  run_torchaudio(temporary.path());
  for (const auto& kaldi_case : kaldi_cases()) {
    const std::string name = kaldi_case.at("name");
    double apart = 0.0;
    double rounding = 0.0;
    double unexplained = 0.0;
    for (size_t i = 0; i < waves.size(); ++i) {
      const std::string base = (temporary.path() / fmt::format("{}.{}", i, name)).string();
      const std::vector<float> single = floats_of(base + ".npy");
      const std::vector<float> exact = floats_of(base + ".double.npy");
      const std::vector<float> ours = compute_case(kaldi_case, waves[i]);
      std::vector<double> slack(single.size());
      for (size_t k = 0; k < slack.size(); ++k)
        slack[k] = std::fabs(static_cast<double>(single[k]) - exact[k]);
      apart = std::max(apart, max_difference(kaldi_case, ours, single));
      rounding = std::max(rounding, max_difference(kaldi_case, single, exact));
      unexplained = std::max(unexplained, max_difference(kaldi_case, ours, single, slack));
    }
    CHECK_MESSAGE(unexplained < 1e-3, name);
    MESSAGE(
        fmt::format("{} over {} files: at most {:.1e} from torchaudio, torchaudio {:.1e} from its float64",
                    name, waves.size(), apart, rounding));
  }
}

TEST_CASE("torchaudio computes the same sliding CMVN") {
  if (!has_torchaudio()) return;
  const TemporaryFolder temporary;
  const std::vector<FeatureMatrix> matrices = {noise_features(1500, 4, 1), noise_features(200, 4, 2),
                                               noise_features(30, 4, 3)};
  for (size_t i = 0; i < matrices.size(); ++i)
    write_matrix(temporary.path() / fmt::format("{}.rows.npy", i), matrices[i].values,
                 {matrices[i].frames, 4});
  run_torchaudio(temporary.path());
  // In the order of SLIDING in the script.
  const CmvnConfig configs[] = {{CmvnKind::sliding, false, 600, 100, false},
                                {CmvnKind::sliding, true, 600, 100, true},
                                {CmvnKind::sliding, true, 50, 20, false},
                                {CmvnKind::sliding, false, 51, 100, true}};
  for (size_t i = 0; i < matrices.size(); ++i) {
    for (size_t k = 0; k < std::size(configs); ++k) {
      const std::vector<float> theirs = floats_of(temporary.path() / fmt::format("{}.sliding{}.npy", i, k));
      const FeatureMatrix ours = read_matrix(apply_sliding_cmvn(matrices[i].rows(), configs[k]));
      REQUIRE(ours.values.size() == theirs.size());
      for (size_t j = 0; j < theirs.size(); ++j) CHECK(std::fabs(ours.values[j] - theirs[j]) < 1e-5F);
    }
  }
}
