// Audio seconds per second of one loader thread over one epoch: without a cache, filling one, and from it;
// then from the cache with every effect of augmentation by itself and with the defaults of [augment].
//   build/release/bench/loader_bench MANIFEST [sample rate in Hz]

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "wav2vec/core/error.h"
#include "wav2vec/data/batch_loader.h"

namespace {

using namespace wav2vec;
using Clock = std::chrono::steady_clock;

void run(const char* name, const Manifest& manifest, const DataConfig& config,
         const AugmentConfig& augment = {}, const Manifest& noise = {}) {
  BatchLoader loader(manifest, config, 1, {.single_pass = true, .augment = augment, .noise = noise});
  const Clock::time_point start = Clock::now();
  int64_t samples = 0;
  for (AudioBatch batch = loader.next(); !batch.empty(); batch = loader.next())
    samples += batch.total_samples();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  const double audio_seconds = static_cast<double>(samples) / static_cast<double>(config.sample_rate);
  fmt::print("{:<11} {:8.0f} s of audio in {:7.3f} s: {:8.0f} audio seconds per second\n", name,
             audio_seconds, seconds, audio_seconds / seconds);
}

AugmentConfig no_effect() {
  AugmentConfig augment;
  augment.apply_to = AugmentedPart::past;
  for (double AugmentConfig::*probability :
       {&AugmentConfig::pitch_probability, &AugmentConfig::reverb_probability,
        &AugmentConfig::noise_probability, &AugmentConfig::band_reject_probability,
        &AugmentConfig::gain_probability})
    augment.*probability = 0.0;
  return augment;
}

void run_effects(const Manifest& manifest, const DataConfig& config) {
  const auto only = [](double AugmentConfig::*probability) {
    AugmentConfig augment = no_effect();
    augment.*probability = 1.0;
    return augment;
  };
  run("no effect", manifest, config, no_effect());
  run("pitch", manifest, config, only(&AugmentConfig::pitch_probability));
  run("reverb", manifest, config, only(&AugmentConfig::reverb_probability));
  run("noise", manifest, config, only(&AugmentConfig::noise_probability), manifest);
  run("babble", manifest, config, only(&AugmentConfig::noise_probability));
  run("band reject", manifest, config, only(&AugmentConfig::band_reject_probability));
  run("gain", manifest, config, only(&AugmentConfig::gain_probability));
  AugmentConfig defaults;
  defaults.apply_to = AugmentedPart::past;
  run("defaults", manifest, config, defaults);
}

int bench(const std::string& manifest_path, int64_t sample_rate) {
  const Manifest manifest = read_manifest(manifest_path);
  const auto folder = std::filesystem::temp_directory_path() / "wav2vec-loader-bench";
  DataConfig config;
  config.sample_rate = sample_rate;
  config.prefetch_batches = 1;  // the decoding thread must not have a head start
  run("warm-up", manifest, config);
  run("decoding", manifest, config);
  config.cache = folder.string();
  std::filesystem::remove_all(folder);
  run("filling", manifest, config);
  run("cached", manifest, config);
  run("cached", manifest, config);
  run_effects(manifest, config);
  std::filesystem::remove_all(folder);
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: loader_bench MANIFEST [sample rate in Hz]\n");
    return EXIT_FAILURE;
  }
  try {
    return bench(argv[1], argc > 2 ? std::atoll(argv[2]) : 16000);
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return EXIT_FAILURE;
  }
}
