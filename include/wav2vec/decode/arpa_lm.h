#pragma once
// Word n-gram language models with back-off in the ARPA format, as SRILM, KenLM and IRSTLM write it.

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace wav2vec {

/// ln P is log10 P times this.
inline constexpr double kLn10 = 2.302585092994046;

class ArpaModel {
 public:
  static constexpr int kMaxOrder = 7;

  /// The words that the next one depends on; make it with begin().
  struct State {
    std::array<int32_t, kMaxOrder - 1> words{};  ///< oldest first
    int32_t count = 0;

    bool operator==(const State&) const = default;
  };

  /// Throws DataError "file:line: …" for anything that is no ARPA file: orders beyond kMaxOrder, counts that
  /// are not those announced, n-grams of words that are no unigrams, probabilities above 1, repeated n-grams.
  static ArpaModel read(const std::filesystem::path& path);

  int order() const { return order_; }
  bool knows(std::string_view word) const;

  /// The beginning of a sentence: the context <s>, or none where the model has no <s>.
  State begin() const;
  /// log10 P(word | state) by the longest n-gram there is (Katz 1987); moves the state on. Unknown words
  /// count as <unk> (or <UNK>); in a model without it they cost −99, ARPA's zero, and clear the context.
  double score(State& state, std::string_view word) const;
  /// log10 P(</s> | state); 0 where the model has no </s>.
  double score_end(const State& state) const;
  /// Words one after the other from begin() through </s>.
  double score_sentence(const std::vector<std::string>& words) const;

 private:
  struct Ngram {
    float log10_probability;
    float log10_backoff;
  };
  struct StringHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  class Reader;

  int32_t word_id(std::string_view word) const;
  int32_t child(int32_t ngram, int32_t word) const;
  double log10_probability(const State& state, int32_t word) const;
  void advance(State& state, int32_t word) const;

  int order_ = 0;
  int32_t begin_ = -1;
  int32_t end_ = -1;
  int32_t unknown_ = -1;
  std::unordered_map<std::string, int32_t, StringHash, std::equal_to<>> ids_;
  std::vector<Ngram> ngrams_;                       // 0 is the empty one
  std::unordered_map<uint64_t, int32_t> children_;  // n-gram and the word behind it → the longer n-gram
};

}  // namespace wav2vec
