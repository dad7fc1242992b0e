#include "text/divided_phones.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "wav2vec/text/phone_tokens.h"

namespace wav2vec {
namespace {

constexpr double kImpossible = std::numeric_limits<double>::infinity();
constexpr double kMissing = 1.0;   // a phone more or less
constexpr double kSameKind = 0.7;  // another vowel, another consonant
constexpr double kOtherKind = 1.3;
constexpr double kWithinGroup = 0.4;  // a word ends where no group does
// A word is not said with more phones than alone by this, and ends not further from where it would if all
// were said alike.
constexpr size_t kMostMore = 8;
constexpr double kReach = 24.0;

double difference(int a, int b) {
  static const int first_consonant = token_of_phone("p");
  if (a == b) return 0.0;
  return (a < first_consonant) == (b < first_consonant) ? kSameKind : kOtherKind;
}

}  // namespace

std::vector<std::vector<int>> divided_phones(std::span<const std::vector<int>> groups,
                                             std::span<const std::vector<int>> alone) {
  std::vector<int> phones;
  std::vector<bool> group_ends;  // before each phone, and behind the last
  size_t all_alone = 0;
  for (const std::vector<int>& group : groups) {
    phones.insert(phones.end(), group.begin(), group.end());
    group_ends.resize(phones.size() + 1, false);
    group_ends.back() = true;
    if (!group.empty()) group_ends[phones.size() - group.size()] = true;
  }
  for (const std::vector<int>& word : alone) all_alone += word.size();
  const size_t count = phones.size();
  std::vector<std::vector<int>> words(alone.size());
  if (count == 0 || words.empty()) return words;

  // best[w][i]: of the first w words and i phones.
  std::vector<std::vector<double>> best(alone.size() + 1, std::vector<double>(count + 1, kImpossible));
  std::vector<std::vector<size_t>> begin(best.size(), std::vector<size_t>(count + 1, 0));
  best[0][0] = 0.0;
  double expected = 0.0;  // where the word ends if all were said alike
  std::vector<double> before;
  std::vector<double> now;
  for (size_t w = 0; w < alone.size(); ++w) {
    const std::vector<int>& own = alone[w];
    expected += static_cast<double>(own.size() * count) / static_cast<double>(std::max<size_t>(all_alone, 1));
    for (size_t first = 0; first <= count; ++first) {
      if (best[w][first] == kImpossible) continue;
      // Rows of the edit distance: phones [first, i) and the first j of the word.
      before.resize(own.size() + 1);
      for (size_t j = 0; j <= own.size(); ++j) before[j] = kMissing * static_cast<double>(j);
      for (size_t i = first;; ++i) {
        const bool is_near = std::abs(static_cast<double>(i) - expected) <= kReach;
        const double cost = best[w][first] + before.back() + (group_ends[i] ? 0.0 : kWithinGroup);
        if (is_near && cost < best[w + 1][i]) {
          best[w + 1][i] = cost;
          begin[w + 1][i] = first;
        }
        if (i == count || i - first == own.size() + kMostMore) break;
        now.assign(1, kMissing * static_cast<double>(i + 1 - first));
        for (size_t j = 1; j <= own.size(); ++j) {
          now.push_back(std::min({before[j - 1] + difference(phones[i], own[j - 1]), before[j] + kMissing,
                                  now[j - 1] + kMissing}));
        }
        before.swap(now);
      }
    }
  }
  if (best.back()[count] == kImpossible) {  // nothing alike: all belongs to the first
    words.front() = std::move(phones);
    return words;
  }
  size_t end = count;
  for (size_t w = words.size(); w > 0; --w) {
    const size_t first = begin[w][end];
    words[w - 1].assign(phones.begin() + static_cast<std::ptrdiff_t>(first),
                        phones.begin() + static_cast<std::ptrdiff_t>(end));
    end = first;
  }
  return words;
}

}  // namespace wav2vec
