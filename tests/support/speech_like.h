#pragma once
// Audio for tests that train: generated, licence-free, different in every utterance.

#include <sndfile.h>

#include <cmath>
#include <filesystem>
#include <numbers>
#include <stdexcept>
#include <string>
#include <vector>

#include "wav2vec/core/file.h"
#include "wav2vec/core/rng.h"

namespace wav2vec::test {

/// A glide between two tones with a slow beat and a little noise, in [−1, 1).
inline std::vector<float> glide(uint64_t seed, int64_t samples) {
  std::vector<float> out(static_cast<size_t>(samples));
  const RandomStream random(seed, RandomUse::crop, {});
  const double from_hz = 120.0 + 600.0 * random.uniform(0);
  const double to_hz = 200.0 + 2500.0 * random.uniform(1);
  double phase = 0.0;
  for (size_t i = 0; i < out.size(); ++i) {
    const double at = static_cast<double>(i) / static_cast<double>(samples);
    phase += 2.0 * std::numbers::pi * (from_hz + (to_hz - from_hz) * at) / 16000.0;
    const double noise = 0.02 * (random.uniform(i + 2) - 0.5);
    out[i] = static_cast<float>(
        0.4 * std::sin(phase) * (0.6 + 0.4 * std::sin(static_cast<double>(i) / 900.0)) + noise);
  }
  return out;
}

inline void write_wav(const std::filesystem::path& path, const std::vector<float>& samples,
                      int rate = 16000) {
  SF_INFO info{};
  info.samplerate = rate;
  info.channels = 1;
  info.format = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
  SNDFILE* file = sf_open(path.c_str(), SFM_WRITE, &info);
  if (file == nullptr) throw std::runtime_error("cannot write " + path.string());
  const auto count = static_cast<sf_count_t>(samples.size());
  const bool whole = sf_writef_float(file, samples.data(), count) == count;
  sf_close(file);
  if (!whole) throw std::runtime_error("cannot write " + path.string());
}

/// `count` utterances of different lengths and a fairseq manifest; returns the manifest's path.
inline std::filesystem::path write_corpus(const std::filesystem::path& folder, int count, uint64_t seed = 1) {
  std::string manifest = folder.string() + "\n";
  for (int i = 0; i < count; ++i) {
    const int64_t samples = 9000 + 700 * (i % 7);
    const std::string name = "utt" + std::to_string(i) + ".wav";
    write_wav(folder / name, glide(seed * 1000 + static_cast<uint64_t>(i), samples));
    manifest += name + "\t" + std::to_string(samples) + "\n";
  }
  const std::filesystem::path path = folder / "train.tsv";
  write_file(path, manifest);
  return path;
}

}  // namespace wav2vec::test
