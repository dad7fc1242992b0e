#include "wav2vec/extract/decoded_waveform.h"

#include <fmt/format.h>

#include <algorithm>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"

namespace wav2vec {
namespace {

constexpr int64_t kInMemory = int64_t{1} << 24;  // 17 min at 16 kHz, 64 MiB
constexpr int64_t kPerFile = int64_t{1} << 24;
constexpr double kMaxOvershootSeconds = 0.5;  // of Kaldi's extract-segments

}  // namespace

void DecodedWaveform::append(std::span<const float> samples) {
  const auto fits =
      static_cast<size_t>(std::clamp<int64_t>(kInMemory - samples_, 0, static_cast<int64_t>(samples.size())));
  memory_.insert(memory_.end(), samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(fits));
  samples_ += static_cast<int64_t>(fits);
  append_to_files(samples.subspan(fits));
}

void DecodedWaveform::append_to_files(std::span<const float> samples) {
  while (!samples.empty()) {
    const int64_t at = samples_ - kInMemory;
    if (at == std::ssize(files_) * kPerFile) {
      if (space_ == nullptr)
        space_ = std::make_unique<ScratchSpace>(ScratchLimits{.memory_bytes = 0, .folder = folder_});
      files_.push_back(space_->make(kPerFile, sizeof(float)));
    }
    const int64_t within = at % kPerFile;
    const int64_t count = std::min<int64_t>(kPerFile - within, std::ssize(samples));
    files_.back().write(within, count, samples.data());
    samples_ += count;
    samples = samples.subspan(static_cast<size_t>(count));
  }
}

void DecodedWaveform::read(int64_t first, int64_t count, float* out) const {
  if (first < kInMemory) {
    const int64_t here = std::min(count, std::min(samples_, kInMemory) - first);
    std::copy_n(memory_.begin() + first, here, out);
    first += here;
    count -= here;
    out += here;
  }
  while (count > 0) {
    const int64_t at = first - kInMemory;
    const int64_t here = std::min(count, kPerFile - at % kPerFile);
    files_[static_cast<size_t>(at / kPerFile)].read(at % kPerFile, here, out);
    first += here;
    count -= here;
    out += here;
  }
}

WaveformSource DecodedWaveform::source() const {
  return {samples_, [this](int64_t first, int64_t count, float* out) { read(first, count, out); }};
}

std::unique_ptr<DecodedWaveform> decode_utterance(const Utterance& utterance, const AudioOptions& options,
                                                  const std::filesystem::path& scratch_folder) {
  auto waveform = std::make_unique<DecodedWaveform>(scratch_folder);
  waveform->damage =
      decode_audio(utterance.audio, options, utterance.start_seconds, utterance.duration_seconds,
                   [&](std::span<const float> samples) { waveform->append(samples); })
          .damage;
  const double seconds =
      static_cast<double>(waveform->samples()) / static_cast<double>(options.sample_rate_hz);
  if (const double overshoot = utterance.duration_seconds - seconds; overshoot > kMaxOvershootSeconds)
    throw DataError(fmt::format(
        "{}: utterance \"{}\": the segment ends {:.2f} s behind the audio; correct its times or leave it out",
        printable(utterance.audio.string()), printable(utterance.id), overshoot));
  return waveform;
}

}  // namespace wav2vec
