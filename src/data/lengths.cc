#include "wav2vec/data/lengths.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <mutex>

#include "data/parallel.h"
#include "wav2vec/audio/resampler.h"
#include "wav2vec/core/escape.h"

namespace wav2vec {
namespace {

int64_t file_samples(const std::filesystem::path& audio, const AudioOptions& options) {
  const AudioInfo info = probe_audio(audio);
  if (info.frames < 0) return static_cast<int64_t>(read_audio(audio, options).samples.size());
  return resampled_length(info.frames, info.sample_rate_hz, options.sample_rate_hz);
}

}  // namespace

int64_t measure_samples(const Utterance& utterance, const AudioOptions& options) {
  const auto rate = static_cast<double>(options.sample_rate_hz);
  const int64_t whole = file_samples(utterance.audio, options);
  const int64_t rest = whole - std::llround(utterance.start_seconds * rate);
  if (rest <= 0)
    throw AudioError(
        AudioFault::empty,
        fmt::format("{}: 0 samples from {} s on; the file has {:.3f} s", printable(utterance.audio.string()),
                    utterance.start_seconds, static_cast<double>(whole) / rate));
  if (utterance.duration_seconds < 0.0) return rest;
  return std::min<int64_t>(rest, std::llround(utterance.duration_seconds * rate));
}

std::vector<FailedInput> fill_lengths(Manifest& manifest, const AudioOptions& options, int64_t jobs) {
  AudioOptions at_manifest_rate = options;
  at_manifest_rate.sample_rate_hz = kManifestRateHz;
  std::vector<FailedInput> failures;
  std::mutex mutex;
  const auto count = static_cast<int64_t>(manifest.utterances.size());
  for_each_index(count, jobs, [&](int64_t i) {
    Utterance& utterance = manifest.utterances[static_cast<size_t>(i)];
    if (utterance.samples >= 0) return;
    try {
      utterance.samples = measure_samples(utterance, at_manifest_rate);
    } catch (const DataError& error) {
      const std::lock_guard lock(mutex);
      failures.push_back({i, error.what()});
    }
  });
  std::sort(failures.begin(), failures.end(),
            [](const FailedInput& a, const FailedInput& b) { return a.index < b.index; });
  return failures;
}

}  // namespace wav2vec
