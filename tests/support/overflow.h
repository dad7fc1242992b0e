#pragma once
// Updates that are not finite: a model that one recording alone makes overflow.

#include <doctest/doctest.h>
#include <sndfile.h>

#include <filesystem>
#include <string_view>
#include <vector>

#include "support/speech_like.h"
#include "wav2vec/config/pretrain_recipe.h"
#include "wav2vec/core/file.h"
#include "wav2vec/model/pretraining_network.h"
#include "wav2vec/train/network_file.h"
#include "wav2vec/train/training_state.h"

namespace wav2vec::test {

inline constexpr std::string_view kOverflowingUtterance = "loud";

/// write_corpus() and beside it a manifest, which is returned, that has one more utterance, as loud as audio
/// may be.
inline std::filesystem::path write_corpus_with_overflow(const std::filesystem::path& folder, int utterances) {
  constexpr int64_t kSamples = 9300;
  const std::filesystem::path plain = write_corpus(folder, utterances);
  SF_INFO info{};
  info.samplerate = 16000;
  info.channels = 1;
  info.format = SF_FORMAT_WAV | SF_FORMAT_FLOAT;
  SNDFILE* file = sf_open((folder / "loud.wav").c_str(), SFM_WRITE, &info);
  REQUIRE(file != nullptr);
  std::vector<float> loud = glide(5, kSamples);
  for (float& sample : loud) sample *= 1e6F;
  REQUIRE(sf_writef_float(file, loud.data(), kSamples) == kSamples);
  sf_close(file);
  const std::filesystem::path manifest = folder / "with_loud.tsv";
  write_file(manifest, read_file(plain, 1 << 20) + "loud.wav\t9300\n");
  return manifest;
}

/// Weights whose first convolution overflows on such audio alone; group norm takes the scale out elsewhere.
inline std::filesystem::path write_steep_model(const std::filesystem::path& path,
                                               const PretrainRecipe& recipe) {
  const PretrainingNetwork network(recipe.model, recipe.objective);
  ParameterBlock parameters(network.layout);
  initialize_parameters(parameters, 1);
  for (float& weight : parameters[network.model.encoder.blocks[0].conv.weight]) weight *= 1e34F;
  write_network(path, model_file_info(recipe), parameters);
  return path;
}

}  // namespace wav2vec::test
