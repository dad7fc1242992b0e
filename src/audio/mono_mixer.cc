#include "audio/mono_mixer.h"

#include <algorithm>
#include <cmath>

namespace wav2vec {
namespace {

constexpr float kMaxMagnitude = 1e6F;
// In the order of WAV, FLAC and ffmpeg: left, right, centre.
constexpr int64_t kCentre = 2;
// A centre this far below all channels is silent, and a mean this far below them cancels.
constexpr double kSilentShare = 1e-3;
constexpr double kCancelledShare = 0.1;

}  // namespace

MonoMixer::MonoMixer(int64_t channels, ChannelPolicy policy)
    : channels_(channels), policy_(policy), powers_(static_cast<size_t>(channels), 0.0) {}

void MonoMixer::mean_of_block(const float* interleaved, int64_t frames, float* out) {
  for (int64_t i = 0; i < frames; ++i) {
    const float* const frame = interleaved + i * channels_;
    float sum = 0.0F;
    double squares = 0.0;
    for (int64_t c = 0; c < channels_; ++c) {
      sum += frame[c];
      squares += static_cast<double>(frame[c]) * frame[c];
    }
    out[i] = sum / static_cast<float>(channels_);
    mixed_power_ += static_cast<double>(out[i]) * out[i];
    channel_power_ += squares / static_cast<double>(channels_);
  }
}

int64_t MonoMixer::voice_of_block(const float* interleaved, int64_t frames) {
  for (int64_t i = 0; i < frames; ++i) {
    const float* const frame = interleaved + i * channels_;
    double sum = 0.0;
    for (int64_t c = 0; c < channels_; ++c) {
      sum += frame[c];
      powers_[static_cast<size_t>(c)] += static_cast<double>(frame[c]) * frame[c];
    }
    const double mean = sum / static_cast<double>(channels_);
    mean_power_ += mean * mean;
  }
  double total = 0.0;
  for (const double power : powers_) total += power;
  const bool has_centre = channels_ == 3 || channels_ >= 5;
  if (has_centre && powers_[kCentre] > kSilentShare * total) return kCentre;
  // As it has been so far: a choice that follows every block would jump to and fro.
  if (mean_power_ >= kCancelledShare * total / static_cast<double>(channels_)) return -1;
  return std::ranges::max_element(powers_) - powers_.begin();
}

void MonoMixer::mix_block(const float* interleaved, int64_t frames, float* out) {
  int64_t channel = policy_ == ChannelPolicy::right ? 1 : policy_ == ChannelPolicy::left ? 0 : -1;
  if (channels_ == 1) channel = 0;
  if (channels_ > 1 && policy_ == ChannelPolicy::voice) channel = voice_of_block(interleaved, frames);
  if (channel < 0) {
    mean_of_block(interleaved, frames, out);
  } else {
    for (int64_t i = 0; i < frames; ++i) out[i] = interleaved[i * channels_ + channel];
  }
  for (int64_t i = 0; i < frames; ++i) {
    if (!(std::fabs(out[i]) <= kMaxMagnitude) && bad_count_++ == 0) first_bad_ = frames_ + i;
  }
  frames_ += frames;
}

double MonoMixer::loss_db() const {
  if (channels_ == 1 || policy_ != ChannelPolicy::mean || channel_power_ <= 0.0) return 0.0;
  return 10.0 * std::log10(channel_power_ / std::max(mixed_power_, channel_power_ * 1e-12));
}

}  // namespace wav2vec
