#pragma once
// Texts that are not spoken where they are put.

#include <set>
#include <span>
#include <string>
#include <vector>

#include "wav2vec/check/checker.h"

namespace wav2vec {

/// Characters of UTF-8.
size_t characters(const std::string& text);

/// Gives every text once, and then again.
class TextPool {
 public:
  /// Where there are fewer of `others` than of `cues`, texts of cues far away serve as well.
  TextPool(std::span<const std::string> others, std::span<const CheckedText> cues);

  /// The text whose length is nearest to `count` characters and which is not spoken around `seconds`. The
  /// first of equal ones, counted from `first`, so that not every pool begins with the same. Empty when there
  /// is none.
  std::string like(size_t count, const std::string& not_this, double seconds, size_t first);
  bool empty() const { return texts_.empty(); }

 private:
  struct Text {
    std::string text;
    double spoken_seconds = 0.0;  ///< negative: nowhere
    bool used = false;
  };
  std::vector<Text> texts_;
};

}  // namespace wav2vec
