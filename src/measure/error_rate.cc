#include "wav2vec/measure/error_rate.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "wav2vec/measure/text_units.h"

namespace wav2vec {
namespace {

// A cost is errors in the high half, insertions and deletions in the low half: the smallest has the fewest
// errors and, of these, the most substitutions. As deletions − insertions is given by the lengths, this
// determines all three.
constexpr int64_t kError = int64_t{1} << 32;
constexpr int64_t kSubstitution = kError;
constexpr int64_t kGap = kError + 1;

template <class Unit>
int64_t alignment_cost(std::span<const Unit> reference, std::span<const Unit> hypothesis) {
  // costs[j]: the reference so far against the first j units of the hypothesis.
  std::vector<int64_t> costs(hypothesis.size() + 1);
  for (size_t j = 0; j < costs.size(); ++j) costs[j] = static_cast<int64_t>(j) * kGap;
  for (const Unit& said : reference) {
    int64_t diagonal = costs[0];
    costs[0] += kGap;
    for (size_t j = 1; j < costs.size(); ++j) {
      const int64_t replaced = diagonal + (said == hypothesis[j - 1] ? 0 : kSubstitution);
      diagonal = costs[j];
      costs[j] = std::min({replaced, costs[j] + kGap, costs[j - 1] + kGap});
    }
  }
  return costs.back();
}

template <class Unit>
ErrorCounts counted(std::span<const Unit> reference, std::span<const Unit> hypothesis) {
  const int64_t cost = alignment_cost(reference, hypothesis);
  const int64_t gaps = cost % kError;
  const int64_t surplus = static_cast<int64_t>(reference.size()) - static_cast<int64_t>(hypothesis.size());
  return {.substitutions = cost / kError - gaps,
          .deletions = (gaps + surplus) / 2,
          .insertions = (gaps - surplus) / 2,
          .reference = static_cast<int64_t>(reference.size())};
}

}  // namespace

double ErrorCounts::rate() const {
  if (reference > 0) return static_cast<double>(errors()) / static_cast<double>(reference);
  return errors() == 0 ? 0.0 : std::numeric_limits<double>::infinity();
}

ErrorCounts& ErrorCounts::operator+=(const ErrorCounts& other) {
  substitutions += other.substitutions;
  deletions += other.deletions;
  insertions += other.insertions;
  reference += other.reference;
  return *this;
}

ErrorCounts count_errors(std::span<const int32_t> reference, std::span<const int32_t> hypothesis) {
  return counted(reference, hypothesis);
}

ErrorCounts count_errors(std::span<const std::string> reference, std::span<const std::string> hypothesis) {
  return counted(reference, hypothesis);
}

ErrorCounts count_word_errors(std::string_view reference, std::string_view hypothesis) {
  return count_errors(split_words(reference), split_words(hypothesis));
}

ErrorCounts count_character_errors(std::string_view reference, std::string_view hypothesis) {
  return count_errors(split_characters(reference), split_characters(hypothesis));
}

}  // namespace wav2vec
