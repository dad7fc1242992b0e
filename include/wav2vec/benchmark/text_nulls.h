#pragma once
// Scores of a text in its cue that do not come from how it sounds: a head that is no better has learned them.

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wav2vec {

/// How usual a text is by its letters alone: ln P of each letter after the two before it, with one added to
/// every count.
class LetterTrigrams {
 public:
  /// `tokens`: in the set.
  explicit LetterTrigrams(int64_t tokens) : tokens_(tokens) {}
  /// Tokens of a reading (text/token_set.h).
  void add(std::span<const int> letters);
  /// Per letter; 0 for no letters.
  double mean_log_probability(std::span<const int> letters) const;

 private:
  int64_t tokens_;
  std::map<std::array<int, 3>, int64_t> triples_;
  std::map<std::array<int, 2>, int64_t> pairs_;
};

/// Minus the distance from the usual rate: letters that are too many or too few for their time.
double rate_score(int64_t letters, double seconds, double usual_letters_per_second);

}  // namespace wav2vec
