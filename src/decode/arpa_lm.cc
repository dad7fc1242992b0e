#include "wav2vec/decode/arpa_lm.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/text_lines.h"
#include "wav2vec/measure/text_units.h"

namespace wav2vec {
namespace {

constexpr uint64_t kMaxBytes = uint64_t{4} << 30;
constexpr int32_t kEmpty = 0;
constexpr int32_t kNone = -1;
constexpr double kLogZero10 = -99.0;
// A model that normalises with f32 may round a certainty upwards.
constexpr double kMaxLog10 = 1e-3;
// Marks an n-gram that is there only because longer ones begin with it.
constexpr float kAbsent = std::numeric_limits<float>::infinity();

uint64_t child_key(int32_t ngram, int32_t word) {
  return static_cast<uint64_t>(ngram) << 32 | static_cast<uint32_t>(word);
}

}  // namespace

class ArpaModel::Reader {
 public:
  Reader(ArpaModel& model, const std::filesystem::path& path)
      : model_(model), lines_(path.string(), kMaxBytes) {}

  void read() {
    model_.ngrams_.push_back({kAbsent, 0.0F});
    find_data();
    read_counts();
    for (int n = 1; n <= model_.order_; ++n) read_section(n);
    if (line_ != "\\end\\") lines_.fail(fmt::format("expected \\end\\, found \"{}\"", printable(line_)));
    model_.begin_ = model_.word_id("<s>");
    model_.end_ = model_.word_id("</s>");
    model_.unknown_ = std::max(model_.word_id("<unk>"), model_.word_id("<UNK>"));
  }

 private:
  bool next() {
    std::string_view line;
    if (!lines_.next(line)) return false;
    line_ = line;
    const size_t first = line_.find_first_not_of(" \t");
    const size_t last = line_.find_last_not_of(" \t\r");
    line_ = line_.substr(first, last - first + 1);
    return true;
  }

  void need_next(std::string_view expected) {
    if (!next()) lines_.fail(fmt::format("expected {}, but the file ends here", expected));
  }

  void find_data() {
    do need_next("\\data\\ (is this an ARPA language model?)");
    while (line_ != "\\data\\");
  }

  // "ngram 1=3", up to the first section.
  void read_counts() {
    for (need_next("\"ngram 1=COUNT\""); line_.starts_with("ngram"); need_next("\\1-grams:")) {
      const std::string_view text = split_word(line_).rest;
      const size_t equals = text.find('=');
      int64_t order = 0;
      int64_t count = 0;
      if (equals == std::string_view::npos ||
          !parse_integer(split_word(text.substr(0, equals)).word, order) ||
          !parse_integer(split_word(text.substr(equals + 1)).word, count) || count < 0)
        lines_.fail(fmt::format("expected \"ngram ORDER=COUNT\", found \"{}\"", printable(line_)));
      if (order != static_cast<int64_t>(counts_.size()) + 1 || order > kMaxOrder)
        lines_.fail(fmt::format("order {} here; expected 1, 2, … up to {}", order, kMaxOrder));
      counts_.push_back(count);
    }
    if (counts_.empty()) lines_.fail("expected \"ngram 1=COUNT\"");
    model_.order_ = static_cast<int>(counts_.size());
  }

  void read_section(int n) {
    if (line_ != fmt::format("\\{}-grams:", n))
      lines_.fail(fmt::format("expected \\{}-grams:, found \"{}\"", n, printable(line_)));
    int64_t read = 0;
    for (need_next("\\end\\"); !line_.starts_with('\\'); need_next("\\end\\"), ++read) read_ngram(n);
    const int64_t announced = counts_[static_cast<size_t>(n - 1)];
    if (read != announced)
      lines_.fail(fmt::format("{} {}-grams end here, but \\data\\ announces {}", read, n, announced));
  }

  void read_ngram(int n) {
    auto [text, rest] = split_word(line_);
    double probability = 0.0;
    if (!parse_seconds(text, probability) || probability > kMaxLog10)
      lines_.fail(fmt::format("expected the log10 of a probability, found \"{}\"", printable(text)));
    int32_t ngram = kEmpty;
    for (int i = 0; i < n; ++i) {
      const auto [word, after] = split_word(rest);
      if (word.empty()) lines_.fail(fmt::format("expected {} words, found {}", n, i));
      ngram = descend(ngram, n == 1 ? new_word(word) : known_word(word));
      rest = after;
    }
    double backoff = 0.0;
    const auto [backoff_text, too_much] = split_word(rest);
    if (!too_much.empty() || (!backoff_text.empty() && !parse_seconds(backoff_text, backoff)))
      lines_.fail(fmt::format("expected a back-off weight or nothing after {} words, found \"{}\"", n,
                              printable(rest)));
    Ngram& entry = model_.ngrams_[static_cast<size_t>(ngram)];
    if (entry.log10_probability != kAbsent) lines_.fail("this n-gram has been given before");
    entry = {static_cast<float>(std::min(probability, 0.0)), static_cast<float>(backoff)};
  }

  int32_t new_word(std::string_view word) {
    return model_.ids_.try_emplace(std::string(word), static_cast<int32_t>(model_.ids_.size())).first->second;
  }

  int32_t known_word(std::string_view word) {
    const int32_t id = model_.word_id(word);
    if (id == kNone) lines_.fail(fmt::format("\"{}\" is no unigram of this model", printable(word)));
    return id;
  }

  int32_t descend(int32_t ngram, int32_t word) {
    if (model_.ngrams_.size() >= static_cast<size_t>(std::numeric_limits<int32_t>::max()))
      lines_.fail("more n-grams than fit; prune the model");
    const auto [at, is_new] =
        model_.children_.try_emplace(child_key(ngram, word), static_cast<int32_t>(model_.ngrams_.size()));
    if (is_new) model_.ngrams_.push_back({kAbsent, 0.0F});
    return at->second;
  }

  ArpaModel& model_;
  TextLines lines_;
  std::string_view line_;
  std::vector<int64_t> counts_;
};

ArpaModel ArpaModel::read(const std::filesystem::path& path) {
  ArpaModel model;
  Reader(model, path).read();
  return model;
}

int32_t ArpaModel::word_id(std::string_view word) const {
  const auto at = ids_.find(word);
  return at == ids_.end() ? kNone : at->second;
}

bool ArpaModel::knows(std::string_view word) const { return word_id(word) != kNone; }

int32_t ArpaModel::child(int32_t ngram, int32_t word) const {
  const auto at = children_.find(child_key(ngram, word));
  return at == children_.end() ? kNone : at->second;
}

ArpaModel::State ArpaModel::begin() const {
  State state;
  if (begin_ != kNone) advance(state, begin_);
  return state;
}

void ArpaModel::advance(State& state, int32_t word) const {
  const int32_t most = order_ - 1;
  if (most == 0) return;
  if (state.count == most) {
    std::copy(state.words.begin() + 1, state.words.begin() + most, state.words.begin());
    --state.count;
  }
  state.words[static_cast<size_t>(state.count++)] = word;
}

double ArpaModel::log10_probability(const State& state, int32_t word) const {
  double backoff = 0.0;
  for (int32_t first = 0; first <= state.count; ++first) {
    int32_t context = kEmpty;
    for (int32_t i = first; i < state.count && context != kNone; ++i)
      context = child(context, state.words[static_cast<size_t>(i)]);
    if (context == kNone) continue;  // a context that was never seen has the back-off weight 1
    const int32_t found = child(context, word);
    if (found != kNone && ngrams_[static_cast<size_t>(found)].log10_probability != kAbsent)
      return backoff + static_cast<double>(ngrams_[static_cast<size_t>(found)].log10_probability);
    backoff += static_cast<double>(ngrams_[static_cast<size_t>(context)].log10_backoff);
  }
  return kLogZero10;
}

double ArpaModel::score(State& state, std::string_view word) const {
  int32_t id = word_id(word);
  if (id == kNone) id = unknown_;
  if (id == kNone) {
    state = {};
    return kLogZero10;
  }
  const double score = log10_probability(state, id);
  advance(state, id);
  return score;
}

double ArpaModel::score_end(const State& state) const {
  return end_ == kNone ? 0.0 : log10_probability(state, end_);
}

double ArpaModel::score_sentence(const std::vector<std::string>& words) const {
  State state = begin();
  double sum = 0.0;
  for (const std::string& word : words) sum += score(state, word);
  return sum + score_end(state);
}

}  // namespace wav2vec
