#pragma once
// Several channels become one.

#include <cstdint>
#include <vector>

#include "wav2vec/config/data_config.h"

namespace wav2vec {

/// Turns interleaved blocks into one channel and keeps an eye on the values.
class MonoMixer {
 public:
  MonoMixer(int64_t channels, ChannelPolicy policy);

  void mix_block(const float* interleaved, int64_t frames, float* out);

  int64_t frames() const { return frames_; }
  /// Of samples that are no numbers or larger than any sample is.
  int64_t bad_count() const { return bad_count_; }
  int64_t first_bad() const { return first_bad_; }
  /// What the mean lost against its channels, in dB; 0 for other policies.
  double loss_db() const;

 private:
  void mean_of_block(const float* interleaved, int64_t frames, float* out);
  /// Under ChannelPolicy::voice: the channel to take from this block, −1 for the mean.
  int64_t voice_of_block(const float* interleaved, int64_t frames);

  int64_t channels_;
  ChannelPolicy policy_;
  int64_t frames_ = 0;
  int64_t bad_count_ = 0;
  int64_t first_bad_ = 0;
  double mixed_power_ = 0.0;
  double channel_power_ = 0.0;
  std::vector<double> powers_;  // of each channel, all blocks so far
  double mean_power_ = 0.0;     // of their mean, likewise
};

}  // namespace wav2vec
