#pragma once
// Generated audio for tests.

#include <sndfile.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numbers>
#include <stdexcept>
#include <string>
#include <vector>

#include "wav2vec/core/rng.h"

namespace wav2vec::test {

/// White noise: energy in every band, no two seeds alike.
inline std::vector<float> noise(int64_t samples, uint64_t seed, float amplitude = 0.2F) {
  const RandomStream stream(seed, RandomUse::dropout, {99});
  std::vector<float> x(static_cast<size_t>(samples));
  for (size_t i = 0; i < x.size(); ++i) x[i] = amplitude * static_cast<float>(2.0 * stream.uniform(i) - 1.0);
  return x;
}

inline std::vector<float> tone(int64_t samples, double hz, double rate_hz, float amplitude = 0.5F) {
  std::vector<float> x(static_cast<size_t>(samples));
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = amplitude *
           static_cast<float>(std::sin(2.0 * std::numbers::pi * hz * static_cast<double>(i) / rate_hz));
  return x;
}

/// `interleaved` holds all channels.
inline void write_audio(const std::filesystem::path& path, const std::vector<float>& interleaved,
                        int rate_hz = 16000, int format = SF_FORMAT_WAV | SF_FORMAT_PCM_16,
                        int channels = 1) {
  SF_INFO info{};
  info.samplerate = rate_hz;
  info.channels = channels;
  info.format = format;
  SNDFILE* file = sf_open(path.c_str(), SFM_WRITE, &info);
  if (file == nullptr) throw std::runtime_error(sf_strerror(nullptr));
  sf_command(file, SFC_SET_CLIPPING, nullptr, SF_TRUE);
  const auto frames = static_cast<sf_count_t>(interleaved.size()) / channels;
  for (sf_count_t done = 0;
       done < frames;) {  // libsndfile's Vorbis writer overflows its stack on large calls
    const sf_count_t n = std::min<sf_count_t>(frames - done, 4096);
    if (sf_writef_float(file, interleaved.data() + done * channels, n) != n)
      throw std::runtime_error(sf_strerror(file));
    done += n;
  }
  sf_close(file);
}

inline std::string read_bytes(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace wav2vec::test
