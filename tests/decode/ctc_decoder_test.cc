#include "wav2vec/decode/ctc_decoder.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include "support/reference.h"
#include "support/temporary_folder.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/file.h"
#include "wav2vec/nn/ctc_loss.h"
#include "wav2vec/nn/softmax.h"

namespace wav2vec {
namespace {

using Labels = std::vector<int32_t>;

std::vector<float> posteriors(uint64_t seed, int64_t frames, int64_t classes, float sharpness = 3.0F) {
  std::vector<float> rows = test::to_float(test::random_values(seed, frames * classes));
  for (float& value : rows) value *= sharpness;
  log_softmax_rows(rows.data(), frames, classes);
  return rows;
}

Labels collapsed(const Labels& path) {
  Labels out;
  for (size_t t = 0; t < path.size(); ++t) {
    if (path[t] != kCtcBlank && (t == 0 || path[t] != path[t - 1])) out.push_back(path[t]);
  }
  return out;
}

/// P of every label sequence, by all paths.
std::map<Labels, double> enumerated(const std::vector<float>& rows, int64_t frames, int64_t classes) {
  std::map<Labels, double> sequences;
  Labels path(static_cast<size_t>(frames), 0);
  for (;;) {
    double p = 0.0;
    for (int64_t t = 0; t < frames; ++t)
      p += static_cast<double>(rows[static_cast<size_t>(t * classes + path[static_cast<size_t>(t)])]);
    sequences[collapsed(path)] += std::exp(p);
    size_t digit = 0;
    while (digit < path.size() && ++path[digit] == classes) path[digit++] = 0;
    if (digit == path.size()) return sequences;
  }
}

constexpr CtcBeamOptions kExact{
    .beam = 100000, .n_best = 100000, .min_log_posterior = -std::numeric_limits<double>::infinity()};

ArpaModel small_model() {
  const TemporaryFolder folder;
  write_file(folder.path() / "lm.arpa",
             "\\data\\\nngram 1=6\nngram 2=5\n\\1-grams:\n-2.5 <unk>\n-99 <s> -0.4\n-0.5 </s>\n-0.9 a -0.3\n"
             "-0.7 ab -0.2\n-1.1 ba -0.1\n\\2-grams:\n-0.3 <s> ab\n-0.2 ab a\n-0.6 a </s>\n-1.4 ab ab\n"
             "-0.8 <s> a\n\\end\\\n");
  return ArpaModel::read(folder.path() / "lm.arpa");
}

/// What the header promises, for classes 1 = a, 2 = b, 3 = between words.
double words_score(const ArpaModel& model, const Labels& labels, double weight, double bonus) {
  std::vector<std::string> words{""};
  for (const int32_t label : labels) {
    if (label == 3) words.emplace_back();
    if (label != 3) words.back() += label == 1 ? "a" : "b";
  }
  std::erase(words, "");
  return weight * std::log(10.0) * model.score_sentence(words) + bonus * static_cast<double>(words.size());
}

TEST_CASE("best path: repetitions and blanks") {
  const auto decode = [](const Labels& path) {
    std::vector<float> rows(path.size() * 4, -5.0F);
    for (size_t t = 0; t < path.size(); ++t) rows[t * 4 + static_cast<size_t>(path[t])] = -0.1F;
    return ctc_best_path(rows.data(), static_cast<int64_t>(path.size()), 4);
  };
  CHECK(decode({0, 1, 1, 0, 1, 2, 2, 3, 0, 0}) == Labels{1, 1, 2, 3});
  CHECK(decode({2, 2, 2}) == Labels{2});
  CHECK(decode({0, 0}).empty());
  CHECK(decode({}).empty());
}

TEST_CASE("beam: wide enough, all sequences with their exact probabilities") {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const std::vector<float> rows = posteriors(seed, 6, 4);
    const std::map<Labels, double> expected = enumerated(rows, 6, 4);
    const auto found = ctc_beam_search(rows.data(), 6, 4, kExact);
    CHECK(found.size() == expected.size());
    double sum = 0.0;
    for (const CtcHypothesis& hypothesis : found) {
      REQUIRE(expected.contains(hypothesis.labels));
      CHECK(hypothesis.log_probability ==
            doctest::Approx(std::log(expected.at(hypothesis.labels))).epsilon(1e-6));
      CHECK(hypothesis.score == hypothesis.log_probability);
      sum += std::exp(hypothesis.log_probability);
    }
    CHECK(sum == doctest::Approx(1.0).epsilon(1e-5));
    CHECK(std::is_sorted(found.begin(), found.end(),
                         [](const auto& a, const auto& b) { return a.score > b.score; }));
  }
}

TEST_CASE("beam: the most probable sequence where the best path is another") {
  // The blank path has 0.36, the paths of "1" together 0.64.
  const std::vector<float> rows{std::log(0.6F), std::log(0.4F), std::log(0.6F), std::log(0.4F)};
  CHECK(ctc_best_path(rows.data(), 2, 2).empty());
  const auto best = ctc_beam_search(rows.data(), 2, 2);
  REQUIRE(best.size() == 1);
  CHECK(best[0].labels == Labels{1});
  CHECK(std::exp(best[0].log_probability) == doctest::Approx(0.64));
}

TEST_CASE("beam: without adding paths, the sequence of the best one, however many ways lead to another") {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    const int64_t frames = 7;
    const int64_t classes = 3;
    const std::vector<float> rows = posteriors(seed, frames, classes, 0.5F);
    double best = 0.0;
    for (int64_t t = 0; t < frames; ++t)
      best += static_cast<double>(
          *std::max_element(rows.begin() + t * classes, rows.begin() + (t + 1) * classes));
    for (const int64_t beam : {int64_t{2}, int64_t{100000}}) {
      CtcBeamOptions options = kExact;
      options.beam = beam;
      options.add_paths = false;
      const auto found = ctc_beam_search(rows.data(), frames, classes, options);
      CHECK(found.front().labels == ctc_best_path(rows.data(), frames, classes));
      CHECK(found.front().log_probability == doctest::Approx(best));
    }
  }
}

TEST_CASE("beam: with a word model, against every sequence") {
  const ArpaModel model = small_model();
  int64_t changed = 0;
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    const CtcWordModel words{&model, {"", "a", "b", " "}, 3, 0.7, 0.9};
    const std::vector<float> rows = posteriors(seed + 50, 7, 4);
    const std::map<Labels, double> sequences = enumerated(rows, 7, 4);
    std::map<Labels, double> expected;
    for (const auto& [labels, p] : sequences)
      expected[labels] = std::log(p) + words_score(model, labels, 0.7, 0.9);
    const auto found = ctc_beam_search(rows.data(), 7, 4, kExact, &words);
    REQUIRE(found.size() == expected.size());
    for (const CtcHypothesis& hypothesis : found)
      CHECK(hypothesis.score == doctest::Approx(expected.at(hypothesis.labels)).epsilon(1e-5));
    const auto best = std::max_element(expected.begin(), expected.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    CHECK(found[0].labels == best->first);
    changed += found[0].labels != ctc_beam_search(rows.data(), 7, 4)[0].labels ? 1 : 0;
  }
  CHECK(changed > 0);
}

TEST_CASE("beam: weight 0 and bonus 0 are no word model") {
  const ArpaModel model = small_model();
  const CtcWordModel words{&model, {"", "a", "b", " "}, 3, 0.0, 0.0};
  const std::vector<float> rows = posteriors(9, 40, 4);
  const auto with = ctc_beam_search(rows.data(), 40, 4, {.beam = 8, .n_best = 8}, &words);
  const auto without = ctc_beam_search(rows.data(), 40, 4, {.beam = 8, .n_best = 8});
  REQUIRE(with.size() == without.size());
  for (size_t i = 0; i < with.size(); ++i) {
    CHECK(with[i].labels == without[i].labels);
    CHECK(with[i].score == without[i].score);
  }
}

TEST_CASE("beam: never above the truth, and nearer to it when wider") {
  const int64_t frames = 60;
  const std::vector<float> rows = posteriors(4, frames, 6, 5.0F);
  double last = -std::numeric_limits<double>::infinity();
  for (const int64_t beam : {1, 4, 16, 64, 256}) {
    const CtcHypothesis best = ctc_beam_search(rows.data(), frames, 6, {.beam = beam})[0];
    const double truth = -ctc_loss(rows.data(), frames, 6, best.labels, nullptr);
    CHECK(best.log_probability <= truth + 1e-6);
    last = best.log_probability;
  }
  const CtcHypothesis narrow = ctc_beam_search(rows.data(), frames, 6, {.beam = 1})[0];
  CHECK(last > narrow.log_probability);
  const Labels greedy = ctc_best_path(rows.data(), frames, 6);
  CHECK(last > -ctc_loss(rows.data(), frames, 6, greedy, nullptr) - 1e-3);
}

TEST_CASE("beam: sharp posteriors give the best path, n-best at most what there is") {
  const std::vector<float> rows = posteriors(12, 300, 30, 200.0F);
  const auto found = ctc_beam_search(rows.data(), 300, 30, {.beam = 8, .n_best = 3});
  REQUIRE(found.size() == 3);
  CHECK(found[0].labels == ctc_best_path(rows.data(), 300, 30));
  CHECK(ctc_beam_search(rows.data(), 1, 30, {.beam = 4, .n_best = 9}).size() <= 4);
}

TEST_CASE("beam: no frames, impossible classes, no numbers") {
  const auto nothing = ctc_beam_search(nullptr, 0, 4);
  REQUIRE(nothing.size() == 1);
  CHECK(nothing[0].labels.empty());
  CHECK(nothing[0].log_probability == 0.0);

  const float never = -std::numeric_limits<float>::infinity();
  const std::vector<float> forced{never, 0.0F, never, 0.0F, never, never, never, never, 0.0F};
  const auto certain = ctc_beam_search(forced.data(), 3, 3, kExact);
  REQUIRE(certain.size() == 1);
  CHECK(certain[0].labels == Labels{1, 2});

  const std::vector<float> bad{0.0F, std::numeric_limits<float>::quiet_NaN()};
  CHECK_THROWS_AS(ctc_beam_search(bad.data(), 1, 2), NumericError);
}

}  // namespace
}  // namespace wav2vec
