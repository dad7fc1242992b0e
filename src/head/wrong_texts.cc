#include "wav2vec/head/wrong_texts.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <set>

#include "wav2vec/text/token_set.h"

namespace wav2vec {
namespace {

using Letters = std::vector<int32_t>;

// Letters by which a word is of about the same length, and how often a draw is repeated that leads to nothing
// new.
constexpr int64_t kSimilarLength = 1;
constexpr int kMostDraws = 4;

std::vector<Letters> words_in(const Letters& text) {
  std::vector<Letters> words(1);
  for (const int32_t letter : text) {
    if (letter == kGapToken)
      words.emplace_back();
    else
      words.back().push_back(letter);
  }
  return words;
}

Letters joined(const std::vector<Letters>& words) {
  Letters text;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text.push_back(kGapToken);
    text.insert(text.end(), words[i].begin(), words[i].end());
  }
  return text;
}

int64_t distance(const Letters& a, const Letters& b) { return std::abs(std::ssize(a) - std::ssize(b)); }

class WrongTexts {
 public:
  WrongTexts(std::span<const Letters> texts, size_t right, Draws draws)
      : words_(words_in(texts[right])), draws_(draws), known_{texts[right]} {
    for (const Letters& text : texts) {
      if (text != texts[right]) others_.push_back(&text);
    }
    std::ranges::stable_sort(others_, {}, [&](const Letters* text) { return distance(*text, texts[right]); });
    std::set<Letters> pool;
    for (const Letters* text : others_) {
      for (Letters& word : words_in(*text)) pool.insert(std::move(word));
    }
    pool_.assign(pool.begin(), pool.end());
  }

  std::vector<Letters> make(int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      bool found = false;
      for (int64_t step = 0; step < 3 && !found; ++step) {
        const int64_t way = (i + step) % 3;
        found = way == 0   ? other()
                : way == 1 ? drawn([&] { return replaced(); })
                           : drawn([&] { return exchanged(); });
      }
      if (!found) break;
    }
    return std::move(made_);
  }

 private:
  bool add(const Letters& text) {
    if (!known_.insert(text).second) return false;
    made_.push_back(text);
    return true;
  }

  bool other() {
    while (next_other_ < others_.size()) {
      if (add(*others_[next_other_++])) return true;
    }
    return false;
  }

  template <class Make>
  bool drawn(const Make& make) {
    for (int n = 0; n < kMostDraws; ++n) {
      if (add(make())) return true;
    }
    return false;
  }

  Letters replaced() {
    std::vector<Letters> words = words_;
    Letters& word = words[draws_.below(words.size())];
    int64_t nearest = std::numeric_limits<int64_t>::max();
    for (const Letters& one : pool_) {
      if (one != word) nearest = std::min(nearest, distance(one, word));
    }
    std::vector<const Letters*> similar;
    for (const Letters& one : pool_) {
      if (one != word && distance(one, word) <= std::max(nearest, kSimilarLength)) similar.push_back(&one);
    }
    if (similar.empty()) return joined(words_);
    word = *similar[draws_.below(similar.size())];
    return joined(words);
  }

  Letters exchanged() {
    std::vector<Letters> words = words_;
    if (words.size() < 2) return joined(words);
    const size_t first = draws_.below(words.size());
    const size_t second = (first + 1 + draws_.below(words.size() - 1)) % words.size();
    std::swap(words[first], words[second]);
    return joined(words);
  }

  std::vector<Letters> words_;
  std::vector<const Letters*> others_;  // by distance in length
  std::vector<Letters> pool_;           // their words, each once
  Draws draws_;
  std::set<Letters> known_;
  std::vector<Letters> made_;
  size_t next_other_ = 0;
};

}  // namespace

std::vector<std::vector<int32_t>> wrong_texts(std::span<const std::vector<int32_t>> texts, size_t right,
                                              int64_t count, Draws draws) {
  return WrongTexts(texts, right, draws).make(count);
}

}  // namespace wav2vec
