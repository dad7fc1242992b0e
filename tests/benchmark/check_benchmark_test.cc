// The whole benchmark on a programme whose sounds are letters, and what is said of it.

#include "wav2vec/benchmark/check_benchmark.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "wav2vec/benchmark/check_benchmark_report.h"
#include "wav2vec/core/rng.h"
#include "wav2vec/measure/ranking.h"
#include "wav2vec/text/character_tokens.h"

using namespace wav2vec;

namespace {

constexpr int64_t kTokens = CharacterTokens::kCount;

std::string sentence(uint64_t number) {
  const RandomStream random(number, RandomUse::crop, {});
  std::string text;
  for (uint64_t k = 0; k < 35; ++k)
    text += k % 6 == 5 ? ' ' : static_cast<char>('a' + static_cast<int>(random.below(k, 26)));
  return text;
}

HeardProgramme programme_of(uint64_t seed) {
  HeardProgramme programme{.name = std::to_string(seed), .scores = {}, .cues = {}, .texts = {}, .seed = seed};
  RecordingScores& scores = programme.scores;
  scores.sounds = scores.tokens = kTokens;
  const RandomStream random(seed, RandomUse::crop, {});
  const auto say = [&](char letter, int64_t frames) {
    for (int64_t t = 0; t < frames; ++t, ++scores.frames) {
      for (int k = 0; k < kTokens; ++k) {
        const bool said = k == token_of(letter);
        const double noise = random.uniform(static_cast<uint64_t>(scores.frames * kTokens + k));
        scores.heard.push_back(static_cast<float>(std::exp((said ? 4.0 : -2.0) - noise)));
        scores.letters.push_back(static_cast<float>(said ? std::log(0.8) : std::log(0.2 / kTokens)));
      }
      scores.powers.push_back(letter == ' ' ? 1e-6F : 1e-2F);
    }
  };
  const auto now = [&] { return static_cast<double>(scores.frames) * 0.01 + 0.01; };
  say(' ', 100);
  for (uint64_t i = 0; i < 24; ++i) {
    const std::string text = sentence(100 * seed + i);
    const double start = now();
    for (const char letter : text) say(letter == ' ' ? 'e' : letter, 7);
    programme.cues.push_back({start, now(), text});
    say(' ', static_cast<int64_t>(40 + random.below(1'000'000'000 + i, 150)));
  }
  programme.seconds = now();
  for (uint64_t i = 0; i < 60; ++i) programme.texts.others.push_back(sentence(10'000 + i));
  return programme;
}

BenchmarkHead letter_head() {
  return {.frame_times = {.first_frame_center_seconds = 0.015, .hop_seconds = 0.01},
          .letter_sounds = [](std::span<const int> tokens) {
            std::vector<float> meant(tokens.size() * kTokens, 0.0F);
            for (size_t i = 0; i < tokens.size(); ++i)
              meant[i * kTokens + static_cast<size_t>(tokens[i])] = 1.0F;
            return meant;
          }};
}

const Figure& named(const std::vector<Figure>& figures, std::string_view beginning) {
  const auto found =
      std::ranges::find_if(figures, [&](const Figure& figure) { return figure.name.starts_with(beginning); });
  REQUIRE_MESSAGE(found != figures.end(), beginning);
  return *found;
}

double value(const Figure& figure, Synchroniser who) { return figure.of[static_cast<size_t>(who)].value; }

}  // namespace

TEST_CASE("check benchmark: kinds that are asked for, by programme, with nulls where texts are wrong") {
  const TokenReader reader({.language = "en", .max_readings = 1});
  CheckBenchmark benchmark;
  CheckBenchmarkOptions options;
  options.kinds = {"C0", "C5", "C9", "C10"};
  for (const uint64_t seed : {1, 2})
    measure_programme(benchmark, programme_of(seed), letter_head(), reader, options);
  CHECK(benchmark.programmes == 2);
  std::vector<std::string> names;
  for (const KindResult& kind : benchmark.kinds) names.push_back(kind.name);
  CHECK(names == std::vector<std::string>{"C0 right, exact", "C0 right, loose", "C5 30 s put in",
                                          "C5 twice 20 s put in", "C9 texts of others in 10 %",
                                          "C10 another programme", "C10 its own texts shuffled"});
  const KindResult& exact = benchmark.kinds[0];
  CHECK(exact.files == 2);
  CHECK(exact.right_states == 2);
  CHECK(exact.times[0].size() == 2);
  CHECK(!exact.has_nulls);
  const KindResult& exchanged = benchmark.kinds[4];
  CHECK(exchanged.files == 8);
  REQUIRE(exchanged.has_nulls);
  // Letters are heard as they are, so check and CTC know; the others cannot.
  const auto area = [&](TextScorer scorer) {
    std::vector<ScoredItem> items;
    for (const JudgedText& text : exchanged.texts)
      items.push_back({text.scores[static_cast<size_t>(scorer)], text.truth == TextTruth::spoken});
    return area_under_curve(items);
  };
  CHECK(area(TextScorer::check) > 0.99);
  CHECK(area(TextScorer::ctc) > 0.99);
  CHECK(area(TextScorer::speech) == doctest::Approx(0.5).epsilon(0.3));
  CHECK(area(TextScorer::other_audio) == doctest::Approx(0.5).epsilon(0.4));

  const std::vector<Figure> figures = headline_figures(benchmark);
  CHECK(value(named(figures, "C0 exact"), Synchroniser::check) == 0.0);
  CHECK(value(named(figures, "C9 wrong texts ≥ 2 s: AUC"), Synchroniser::check) > 0.99);
  CHECK(value(named(figures, "C10 another"), Synchroniser::check) == 1.0);
  CHECK(std::ranges::none_of(benchmark.kinds, &KindResult::beyond_search));
  CHECK(std::ranges::none_of(figures,
                             [](const Figure& figure) { return figure.name.starts_with("C1 shift"); }));
}

TEST_CASE("check benchmark: what lies beyond the search is told from what is missed") {
  const TokenReader reader({.language = "en", .max_readings = 1});
  CheckBenchmark benchmark;
  CheckBenchmarkOptions options;
  options.kinds = {"C1"};
  options.check.widest_search_seconds = 10.0;
  measure_programme(benchmark, programme_of(1), letter_head(), reader, options);
  for (const KindResult& kind : benchmark.kinds) {
    CAPTURE(kind.name);
    const bool far =
        kind.name.find("30.0") != std::string::npos || kind.name.find("90.0") != std::string::npos;
    CHECK(kind.beyond_search == far);
  }
  const std::vector<Figure> figures = headline_figures(benchmark);
  CHECK(value(named(figures, "C1 shift: error, p95"), Synchroniser::check) < 0.05);
  CHECK(value(named(figures, "beyond --max-offset: cues moved"), Synchroniser::check) == 0.0);
}

TEST_CASE("check benchmark: report as Markdown and as JSON say the same") {
  const TokenReader reader({.language = "en", .max_readings = 1});
  CheckBenchmark benchmark;
  CheckBenchmarkOptions options;
  options.kinds = {"C0", "C3", "C13"};
  for (const uint64_t seed : {1, 2})
    measure_programme(benchmark, programme_of(seed), letter_head(), reader, options);
  const std::string page = check_benchmark_markdown(benchmark);
  const auto json = nlohmann::json::parse(check_benchmark_json(benchmark));
  CHECK(json["programmes"] == 2);
  for (const Figure& figure : headline_figures(benchmark)) {
    CHECK(page.find("| " + figure.name + " |") != std::string::npos);
    const auto found =
        std::ranges::find_if(json["figures"], [&](const auto& one) { return one["name"] == figure.name; });
    REQUIRE(found != json["figures"].end());
    CHECK((*found)["check"]["value"] == doctest::Approx(figure.of[0].value));
  }
  for (const KindResult& kind : benchmark.kinds)
    CHECK(page.find("| " + kind.name + " |") != std::string::npos);
  // Every row has the columns of its table's header.
  std::istringstream lines(page);
  int64_t columns = 0;
  for (std::string line; std::getline(lines, line);) {
    const int64_t here = std::ranges::count(line, '|');
    if (here == 0) columns = 0;
    if (here > 0 && columns > 0) CHECK(here == columns);
    columns = here;
  }
  CHECK(page.find("nan") == std::string::npos);
}

TEST_CASE(
    "check benchmark: shuffled audio has the same sounds in another order, and stops where it is told") {
  const HeardProgramme programme = programme_of(1);
  const BenchmarkHead head = letter_head();
  const RecordingScores shuffled = shuffled_audio(programme.scores, head.frame_times, 1);
  CHECK(shuffled.frames == programme.scores.frames);
  CHECK(shuffled.heard != programme.scores.heard);
  std::vector<float> a = shuffled.heard;
  std::vector<float> b = programme.scores.heard;
  std::ranges::sort(a);
  std::ranges::sort(b);
  CHECK(a == b);
  // Pauses go with their sounds.
  RecordingScores known = programme.scores;
  known.pauses.resize(static_cast<size_t>(known.frames));
  for (int64_t f = 0; f < known.frames; ++f)
    known.pauses[static_cast<size_t>(f)] = known.heard[static_cast<size_t>(f * known.sounds)];
  const RecordingScores moved = shuffled_audio(known, head.frame_times, 1);
  CHECK(moved.pauses != known.pauses);
  for (int64_t f = 0; f < known.frames; ++f)
    REQUIRE(moved.pauses[static_cast<size_t>(f)] == moved.heard[static_cast<size_t>(f * known.sounds)]);
  CheckBenchmark benchmark;
  CheckBenchmarkOptions options;
  options.progress = [](int64_t done, int64_t) { return done < 1; };
  const TokenReader reader({.language = "en", .max_readings = 1});
  measure_programme(benchmark, programme, head, reader, options);
  CHECK(benchmark.kinds.size() == 1);
}
