#include "wav2vec/measure/error_rate.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "wav2vec/core/rng.h"
#include "wav2vec/measure/text_units.h"

namespace wav2vec {
namespace {

using Labels = std::vector<int32_t>;

ErrorCounts counts(int64_t substitutions, int64_t deletions, int64_t insertions, int64_t reference) {
  return {substitutions, deletions, insertions, reference};
}

/// All alignments, tried one by one: fewest errors, then most substitutions.
ErrorCounts tried(std::span<const int32_t> reference, std::span<const int32_t> hypothesis) {
  const auto better = [](const ErrorCounts& a, const ErrorCounts& b) {
    return a.errors() != b.errors() ? a.errors() < b.errors() : a.substitutions > b.substitutions;
  };
  if (reference.empty()) return counts(0, 0, static_cast<int64_t>(hypothesis.size()), 0);
  ErrorCounts best = tried(reference.subspan(1), hypothesis);
  ++best.deletions;
  ++best.reference;
  if (hypothesis.empty()) return best;
  ErrorCounts inserted = tried(reference, hypothesis.subspan(1));
  ++inserted.insertions;
  ErrorCounts replaced = tried(reference.subspan(1), hypothesis.subspan(1));
  ++replaced.reference;
  replaced.substitutions += reference[0] == hypothesis[0] ? 0 : 1;
  return std::min({best, inserted, replaced}, better);
}

Labels random_labels(uint64_t seed, int64_t most) {
  const RandomStream random(seed, RandomUse::shuffle, {});
  Labels labels(random.below(0, static_cast<uint64_t>(most) + 1));
  for (size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<int32_t>(random.below(i + 1, 3));
  return labels;
}

TEST_CASE("errors: each kind is counted as itself") {
  const Labels said{1, 2, 3, 4};
  CHECK(count_errors(said, Labels{1, 2, 3, 4}) == counts(0, 0, 0, 4));
  CHECK(count_errors(said, Labels{1, 9, 3, 4}) == counts(1, 0, 0, 4));
  CHECK(count_errors(said, Labels{1, 3, 4}) == counts(0, 1, 0, 4));
  CHECK(count_errors(said, Labels{1, 2, 9, 3, 4}) == counts(0, 0, 1, 4));
  CHECK(count_errors(said, Labels{}) == counts(0, 4, 0, 4));
  CHECK(count_errors(Labels{}, said) == counts(0, 0, 4, 0));
  // One substitution and an insertion rather than what a distance alone would also allow.
  CHECK(count_errors(Labels{1, 2}, Labels{2, 1, 3}) == counts(1, 0, 1, 2));
  // Two substitutions, not a deletion and an insertion.
  CHECK(count_errors(Labels{1, 2}, Labels{2, 1}) == counts(2, 0, 0, 2));
}

TEST_CASE("errors: against every alignment, and the other way round") {
  int64_t with_all_kinds = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const Labels a = random_labels(2 * seed, 6);
    const Labels b = random_labels(2 * seed + 1, 6);
    const ErrorCounts ab = count_errors(a, b);
    CHECK(ab == tried(a, b));
    const ErrorCounts ba = count_errors(b, a);
    CHECK(ba == counts(ab.substitutions, ab.insertions, ab.deletions, static_cast<int64_t>(b.size())));
    with_all_kinds += ab.substitutions > 0 && ab.deletions + ab.insertions > 0 ? 1 : 0;
  }
  CHECK(with_all_kinds > 10);
}

TEST_CASE("errors: sums over utterances, and rates") {
  ErrorCounts sum = counts(1, 2, 3, 4);
  sum += counts(0, 0, 2, 12);
  CHECK(sum == counts(1, 2, 5, 16));
  CHECK(sum.rate() == doctest::Approx(0.5));
  CHECK(ErrorCounts{}.rate() == 0.0);
  CHECK(std::isinf(counts(0, 0, 1, 0).rate()));
}

TEST_CASE("errors: words and characters of texts, however blank") {
  CHECK(count_word_errors(" the  cat\tsat ", "the cat sat\r") == counts(0, 0, 0, 3));
  CHECK(count_word_errors("the cat sat", "a cat sat down") == counts(1, 0, 1, 3));
  CHECK(count_word_errors("", " \t") == counts(0, 0, 0, 0));
  CHECK(count_character_errors("ab  c", "abc") == counts(0, 1, 0, 4));
  // ä is one character of two bytes.
  CHECK(count_character_errors("bär", "bar") == counts(1, 0, 0, 3));
}

TEST_CASE("text units: bytes that are no UTF-8 count one each and stay") {
  CHECK(split_characters("a\xC3(\xE2\x82") == std::vector<std::string>{"a", "\xC3", "(", "\xE2", "\x82"});
  CHECK(split_characters("\xE2\x82\xAC \xF0\x9F\x98\x80") ==
        std::vector<std::string>{"\xE2\x82\xAC", " ", "\xF0\x9F\x98\x80"});
  CHECK(split_words("") == std::vector<std::string>{});
  CHECK(split_words("\v a\f b ") == std::vector<std::string>{"a", "b"});
}

}  // namespace
}  // namespace wav2vec
