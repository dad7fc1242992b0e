#include "audio/frame_cutter.h"

#include <algorithm>

namespace wav2vec {
namespace {

constexpr size_t kPieceSamples = 65536;

}  // namespace

void FrameCutter::push(std::span<const float> samples, const OnWindow& on_window) {
  while (!samples.empty()) {
    const std::span<const float> piece = samples.first(std::min(samples.size(), kPieceSamples));
    take(piece, on_window);
    samples = samples.subspan(piece.size());
  }
}

void FrameCutter::take(std::span<const float> samples, const OnWindow& on_window) {
  buffer_.insert(buffer_.end(), samples.begin(), samples.end());
  received_ += std::ssize(samples);
  for (;; ++next_frame_) {
    const int64_t first = grid_.first_sample_of(next_frame_);
    // A window that begins before the signal also reads the mirror image of as many samples, and where that
    // reaches further than the signal, only the end tells what is there.
    if (std::max(first + grid_.window_samples, -first) > received_) break;
    cut(on_window);
  }
  forget();
}

void FrameCutter::cut(const OnWindow& on_window) {
  const int64_t first = grid_.first_sample_of(next_frame_);
  if (first >= 0 && first + grid_.window_samples <= received_) {
    on_window(next_frame_,
              std::span(buffer_).subspan(static_cast<size_t>(first - buffer_start_), window_.size()));
    return;
  }
  for (int64_t i = 0; i < grid_.window_samples; ++i) {
    const int64_t at = mirrored_index(first + i, received_);
    window_[static_cast<size_t>(i)] = buffer_[static_cast<size_t>(at - buffer_start_)];
  }
  on_window(next_frame_, window_);
}

// Of what lies before the next window, one window's length before the end is kept: mirror images reach there.
void FrameCutter::forget() {
  const int64_t keep_from = std::min(grid_.first_sample_of(next_frame_), received_ - grid_.window_samples);
  const int64_t drop = std::min(keep_from - buffer_start_, std::ssize(buffer_));
  if (drop <= 0) return;
  buffer_.erase(buffer_.begin(), buffer_.begin() + drop);
  buffer_start_ += drop;
}

void FrameCutter::finish(const OnWindow& on_window) {
  for (const int64_t frames = grid_.frames_for(received_); next_frame_ < frames; ++next_frame_)
    cut(on_window);
  buffer_.clear();
  buffer_start_ = received_ = next_frame_ = 0;
}

}  // namespace wav2vec
