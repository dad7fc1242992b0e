// Extraction measured: memory and time of audio of any length, and the error of --window.
//
//   feature_bench long MODEL f32|bf16 HOURS [SCRATCH]
//       z and c of generated audio; prints time, peak memory and a checksum of each.
//   feature_bench window MODEL WINDOW_SECONDS CONTEXT_SECONDS AUDIO…
//       windows against whole utterances, in f32: mean |difference| over the root mean square of every layer.

#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "wav2vec/audio/audio_reader.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/hash.h"
#include "wav2vec/core/rng.h"
#include "wav2vec/extract/windowed.h"

namespace wav2vec {
namespace {

constexpr int64_t kPieceFrames = 4096;

// Noise whose loudness changes every second, a function of the place alone: hours of it need no file.
WaveformSource generated_audio(int64_t samples) {
  return {samples, [](int64_t first, int64_t count, float* out) {
            constexpr int64_t kSecond = 16000;
            const RandomStream noise(1, RandomUse::crop, {});
            const RandomStream loudness(2, RandomUse::crop, {});
            for (int64_t i = 0; i < count; ++i) {
              const auto at = static_cast<uint64_t>(first + i);
              const double level = 0.05 + 0.4 * loudness.uniform(at / kSecond);
              out[i] = static_cast<float>(level * (noise.uniform(at) - 0.5));
            }
          }};
}

// Calls f(first, values) for every piece of the rows.
template <class F>
void for_each_piece(const FeatureRows& rows, F f) {
  std::vector<float> piece;
  for (int64_t t = 0; t < rows.frames; t += kPieceFrames) {
    const int64_t frames = std::min(kPieceFrames, rows.frames - t);
    piece.resize(static_cast<size_t>(frames * rows.channels));
    rows.read(t, frames, piece.data());
    f(t, piece);
  }
}

void measure_long(const std::string& model, const std::string& dtype, double hours,
                  const std::string& scratch) {
  FeatureExtractor extractor(model, dtype == "bf16" ? DType::bf16 : DType::f32, {.folder = scratch});
  const auto rate = static_cast<double>(extractor.info().sample_rate_hz);
  const auto start = std::chrono::steady_clock::now();
  const std::vector<LayerId> layers{LayerId::z(), LayerId::c()};
  extractor.extract(generated_audio(static_cast<int64_t>(hours * 3600.0 * rate)), layers,
                    [&](size_t which, const FeatureRows& rows) {
                      uint32_t crc = 0;
                      for_each_piece(rows, [&](int64_t, const std::vector<float>& piece) {
                        crc = crc32c(piece.data(), piece.size() * sizeof(float), crc);
                      });
                      fmt::print("{}  {} frames  crc32c:{:08x}\n", layer_name(layers[which]), rows.frames,
                                 crc);
                    });
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  fmt::print("{} h in {:.0f} s, {:.0f} audio seconds per second, peak memory {} MiB\n", hours, seconds,
             hours * 3600.0 / seconds, usage.ru_maxrss / 1024);
}

struct Difference {
  double absolute = 0.0;
  double squares = 0.0;
  int64_t values = 0;

  void add(float exact, float other) {
    absolute += std::fabs(static_cast<double>(exact) - static_cast<double>(other));
    squares += static_cast<double>(exact) * static_cast<double>(exact);
    ++values;
  }
  double relative() const {
    const auto n = static_cast<double>(values);
    return absolute / n / std::sqrt(squares / n);
  }
};

void measure_windows(const std::string& model, const WindowOptions& options,
                     const std::vector<std::string>& files) {
  FeatureExtractor extractor(model);
  const std::vector<LayerId> layers = parse_layers(extractor.info().model, "all,z");
  std::vector<Difference> differences(layers.size());
  double audio_seconds = 0.0;
  for (const std::string& file : files) {
    const Waveform wave = read_audio(file, {.sample_rate_hz = extractor.info().sample_rate_hz});
    const WaveformSource source = waveform_in_memory(wave.samples);
    audio_seconds += static_cast<double>(source.samples) / static_cast<double>(wave.sample_rate_hz);
    std::vector<std::vector<float>> exact(layers.size());
    extractor.extract(source, layers, [&](size_t which, const FeatureRows& rows) {
      for_each_piece(rows, [&](int64_t, const std::vector<float>& piece) {
        exact[which].insert(exact[which].end(), piece.begin(), piece.end());
      });
    });
    extract_windows(extractor, source, layers, options, [&](size_t which, const FeatureRows& rows) {
      for_each_piece(rows, [&](int64_t first, const std::vector<float>& piece) {
        const float* expected = exact[which].data() + first * rows.channels;
        for (size_t i = 0; i < piece.size(); ++i) differences[which].add(expected[i], piece[i]);
      });
    });
  }
  fmt::print("{} files, {:.0f} s; windows of {} s, {} s of context\n", files.size(), audio_seconds,
             options.window_seconds, options.context_seconds);
  for (size_t i = 0; i < layers.size(); ++i)
    fmt::print("{:<10} {:.4f}\n", layer_name(layers[i]), differences[i].relative());
}

int run(const std::vector<std::string>& words) {
  if (words.size() >= 4 && words[0] == "long") {
    measure_long(words[1], words[2], std::atof(words[3].c_str()), words.size() > 4 ? words[4] : "");
    return 0;
  }
  if (words.size() >= 5 && words[0] == "window") {
    measure_windows(words[1], {std::atof(words[2].c_str()), std::atof(words[3].c_str())},
                    {words.begin() + 4, words.end()});
    return 0;
  }
  fmt::print(stderr,
             "usage: feature_bench long MODEL f32|bf16 HOURS [SCRATCH]\n"
             "       feature_bench window MODEL WINDOW_SECONDS CONTEXT_SECONDS AUDIO...\n");
  return 2;
}

}  // namespace
}  // namespace wav2vec

int main(int argc, char** argv) {
  try {
    return wav2vec::run({argv + 1, argv + argc});
  } catch (const wav2vec::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
