#include "check/text_pool.h"

#include <algorithm>
#include <cmath>

namespace wav2vec {
namespace {

constexpr double kNowhere = -1.0;
// Beyond what a check looks for around a cue.
constexpr double kFarSeconds = 90.0;

}  // namespace

size_t characters(const std::string& text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

TextPool::TextPool(std::span<const std::string> others, std::span<const CheckedText> cues) {
  for (const std::string& text : others) texts_.push_back({text, kNowhere});
  if (others.size() >= cues.size()) return;
  for (const CheckedText& cue : cues) texts_.push_back({cue.text, cue.start_seconds});
}

std::string TextPool::like(size_t count, const std::string& not_this, double seconds, size_t first) {
  for (const bool again : {false, true}) {
    Text* best = nullptr;
    size_t best_distance = 0;
    for (size_t k = 0; k < texts_.size(); ++k) {
      Text& text = texts_[(first + k) % texts_.size()];
      const bool near =
          text.spoken_seconds != kNowhere && std::abs(text.spoken_seconds - seconds) < kFarSeconds;
      if (text.used || near || text.text == not_this) continue;
      const size_t length = characters(text.text);
      const size_t distance = length > count ? length - count : count - length;
      if (best != nullptr && distance >= best_distance) continue;
      best = &text;
      best_distance = distance;
    }
    if (best != nullptr) {
      best->used = true;
      return best->text;
    }
    if (again) break;
    for (Text& text : texts_) text.used = false;
  }
  return {};
}

}  // namespace wav2vec
