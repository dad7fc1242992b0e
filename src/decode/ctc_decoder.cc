#include "wav2vec/decode/ctc_decoder.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "wav2vec/core/error.h"
#include "wav2vec/core/log_add.h"
#include "wav2vec/nn/ctc_loss.h"

namespace wav2vec {
namespace {

constexpr int32_t kNone = -1;

/// What the words of a prefix that are over are worth to the language model.
struct WordScore {
  double score = 0.0;
  ArpaModel::State state;
};

/// A label sequence as the last label and the sequence before it.
struct Prefix {
  int32_t before = kNone;
  int32_t label = kCtcBlank;
  WordScore words;
};

/// ln P of the paths that end in the blank and of those that end in the last label.
struct Mass {
  double blank = kLogZero;
  double label = kLogZero;
};

struct Kept {
  int32_t prefix = 0;
  Mass mass;
};

/// A prefix of the next frame; `prefix` is kNone while it has no place in the tree.
struct Candidate {
  int32_t prefix = kNone;
  int32_t before = kNone;
  int32_t label = kCtcBlank;
  Mass mass;
  double score = kLogZero;
};

class PrefixTree {
 public:
  explicit PrefixTree(const CtcWordModel* words) : words_(words) {
    prefixes_.emplace_back();
    if (words_ != nullptr) prefixes_[0].words.state = words_->model->begin();
  }

  const Prefix& operator[](int32_t prefix) const { return prefixes_[static_cast<size_t>(prefix)]; }

  int32_t find(int32_t prefix, int32_t label) const {
    const auto at = children_.find(key(prefix, label));
    return at == children_.end() ? kNone : at->second;
  }

  int32_t add(int32_t prefix, int32_t label) {
    const auto next = static_cast<int32_t>(prefixes_.size());
    const auto [at, is_new] = children_.try_emplace(key(prefix, label), next);
    if (is_new) prefixes_.push_back({prefix, label, words_behind(prefix, label)});
    return at->second;
  }

  /// The words' score once `label` is added: the separator ends one.
  WordScore words_behind(int32_t prefix, int32_t label) const {
    return words_ != nullptr && label == words_->separator ? with_last_word(prefix) : (*this)[prefix].words;
  }

  /// The score if the utterance ends here.
  double final_words(int32_t prefix) const {
    if (words_ == nullptr) return 0.0;
    const WordScore all = with_last_word(prefix);
    return all.score + words_->weight * kLn10 * words_->model->score_end(all.state);
  }

  std::vector<int32_t> labels(int32_t prefix) const {
    std::vector<int32_t> labels;
    for (; prefix != 0; prefix = (*this)[prefix].before) labels.push_back((*this)[prefix].label);
    std::reverse(labels.begin(), labels.end());
    return labels;
  }

 private:
  static uint64_t key(int32_t prefix, int32_t label) {
    return static_cast<uint64_t>(prefix) << 32 | static_cast<uint32_t>(label);
  }

  WordScore with_last_word(int32_t prefix) const {
    WordScore words = (*this)[prefix].words;
    std::vector<int32_t> letters;
    for (; prefix != 0 && (*this)[prefix].label != words_->separator; prefix = (*this)[prefix].before)
      letters.push_back((*this)[prefix].label);
    if (letters.empty()) return words;
    std::string word;
    for (auto letter = letters.rbegin(); letter != letters.rend(); ++letter)
      word += words_->class_names[static_cast<size_t>(*letter)];
    words.score += words_->weight * kLn10 * words_->model->score(words.state, word) + words_->word_bonus;
    return words;
  }

  const CtcWordModel* words_;
  std::vector<Prefix> prefixes_;  // 0 is the empty one
  std::unordered_map<uint64_t, int32_t> children_;
};

class BeamSearch {
 public:
  BeamSearch(int64_t classes, const CtcBeamOptions& options, const CtcWordModel* words)
      : classes_(classes), options_(options), tree_(words), kept_{{0, Mass{0.0, kLogZero}}} {}

  void step(const float* log_p) {
    candidates_.clear();
    candidate_of_.clear();
    for (const Kept& kept : kept_) stay(kept, log_p);
    for (int32_t label = 0; label < classes_; ++label) {
      const auto p = static_cast<double>(log_p[label]);
      if (label == kCtcBlank || p == kLogZero || p < options_.min_log_posterior) continue;
      for (const Kept& kept : kept_) prolong(kept, label, p);
    }
    keep_best();
  }

  std::vector<CtcHypothesis> hypotheses() const {
    std::vector<std::pair<double, const Kept*>> ranked;
    for (const Kept& kept : kept_)
      ranked.emplace_back(total(kept.mass) + tree_.final_words(kept.prefix), &kept);
    std::stable_sort(ranked.begin(), ranked.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    std::vector<CtcHypothesis> best;
    for (const auto& [score, kept] : ranked) {
      if (static_cast<int64_t>(best.size()) == options_.n_best) break;
      best.push_back({tree_.labels(kept->prefix), total(kept->mass), score});
    }
    return best;
  }

 private:
  double together(double a, double b) const { return options_.add_paths ? log_add(a, b) : std::max(a, b); }
  double total(const Mass& mass) const { return together(mass.blank, mass.label); }

  /// The blank, or the last label once more.
  void stay(const Kept& kept, const float* log_p) {
    Candidate candidate;
    candidate.prefix = kept.prefix;
    candidate.mass.blank = total(kept.mass) + static_cast<double>(log_p[kCtcBlank]);
    const int32_t last = tree_[kept.prefix].label;
    if (kept.prefix != 0) candidate.mass.label = kept.mass.label + static_cast<double>(log_p[last]);
    candidate_of_[kept.prefix] = candidates_.size();
    candidates_.push_back(candidate);
  }

  void prolong(const Kept& kept, int32_t label, double log_p) {
    // Only a blank separates a label from its equal.
    const bool repeats = kept.prefix != 0 && tree_[kept.prefix].label == label;
    const double mass = (repeats ? kept.mass.blank : total(kept.mass)) + log_p;
    if (mass == kLogZero) return;
    const int32_t prefix = tree_.find(kept.prefix, label);
    if (const auto at = candidate_of_.find(prefix); prefix != kNone && at != candidate_of_.end()) {
      double& sum = candidates_[at->second].mass.label;
      sum = together(sum, mass);
    } else {
      candidates_.push_back({prefix, kept.prefix, label, Mass{kLogZero, mass}, kLogZero});
    }
  }

  void keep_best() {
    for (Candidate& c : candidates_) {
      const WordScore words =
          c.before == kNone ? tree_[c.prefix].words : tree_.words_behind(c.before, c.label);
      c.score = total(c.mass) + words.score;
    }
    std::erase_if(candidates_, [&](const Candidate& c) { return total(c.mass) == kLogZero; });
    const auto beam = std::min(candidates_.size(), static_cast<size_t>(options_.beam));
    // The order in which candidates were made breaks ties, so that equal input gives equal output.
    order_.resize(candidates_.size());
    for (size_t i = 0; i < order_.size(); ++i) order_[i] = i;
    std::partial_sort(order_.begin(), order_.begin() + static_cast<int64_t>(beam), order_.end(),
                      [&](size_t a, size_t b) {
                        const double difference = candidates_[a].score - candidates_[b].score;
                        return difference != 0.0 ? difference > 0.0 : a < b;
                      });
    kept_.clear();
    for (size_t i = 0; i < beam; ++i) {
      const Candidate& c = candidates_[order_[i]];
      kept_.push_back({c.prefix != kNone ? c.prefix : tree_.add(c.before, c.label), c.mass});
    }
  }

  int64_t classes_;
  CtcBeamOptions options_;
  PrefixTree tree_;
  std::vector<Kept> kept_;
  std::vector<Candidate> candidates_;
  std::unordered_map<int32_t, size_t> candidate_of_;  // of the prefixes that were kept
  std::vector<size_t> order_;
};

void check_row(const float* row, int64_t classes) {
  for (int64_t k = 0; k < classes; ++k) {
    if (std::isnan(row[k]) || row[k] == std::numeric_limits<float>::infinity())
      throw NumericError("the posteriors to decode are not finite; train with a lower learning rate");
  }
}

}  // namespace

std::vector<int32_t> ctc_best_path(const float* log_posteriors, int64_t frames, int64_t classes) {
  std::vector<int32_t> labels;
  int32_t last = kCtcBlank;
  for (int64_t t = 0; t < frames; ++t) {
    const float* row = log_posteriors + t * classes;
    const auto best = static_cast<int32_t>(std::max_element(row, row + classes) - row);
    if (best != last && best != kCtcBlank) labels.push_back(best);
    last = best;
  }
  return labels;
}

std::vector<CtcHypothesis> ctc_beam_search(const float* log_posteriors, int64_t frames, int64_t classes,
                                           const CtcBeamOptions& options, const CtcWordModel* words) {
  W2V_CHECK(options.beam > 0 && options.n_best > 0, "beam and n_best are positive");
  W2V_CHECK(words == nullptr || static_cast<int64_t>(words->class_names.size()) == classes,
            "one name for every class");
  BeamSearch search(classes, options, words);
  for (int64_t t = 0; t < frames; ++t) {
    check_row(log_posteriors + t * classes, classes);
    search.step(log_posteriors + t * classes);
  }
  return search.hypotheses();
}

}  // namespace wav2vec
