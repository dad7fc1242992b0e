// Cues against a recording in which it is known what is said where.

#include "wav2vec/check/checker.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "wav2vec/core/rng.h"
#include "wav2vec/text/character_tokens.h"

using namespace wav2vec;

namespace {

const FrameTimes kFrameTimes{.first_frame_center_seconds = 0.015, .hop_seconds = 0.01};
constexpr int64_t kTokens = CharacterTokens::kCount;
constexpr int64_t kFramesPerLetter = 6;

std::string sentence(uint64_t number) {
  const RandomStream random(number, RandomUse::crop, {});
  std::string text;
  for (uint64_t k = 0; k < 23; ++k)
    text += k % 6 == 5 ? ' ' : static_cast<char>('a' + static_cast<int>(random.below(k, 26)));
  return text;
}

/// Sentences one after the other with a second between them; sounds are tokens, and most frames are heard.
struct Programme {
  RecordingScores scores{.sounds = kTokens, .tokens = kTokens, .heard = {}, .powers = {}, .letters = {}};
  std::vector<CheckedText> cues;

  void say(char letter, int64_t frames) {
    const RandomStream random(static_cast<uint64_t>(scores.frames), RandomUse::crop, {});
    for (int64_t t = 0; t < frames; ++t, ++scores.frames) {
      const bool lost = random.uniform(static_cast<uint64_t>(1000 + t)) < 0.2;
      for (int k = 0; k < kTokens; ++k) {
        const double noise = random.uniform(static_cast<uint64_t>(t * kTokens + k));
        scores.heard.push_back(
            static_cast<float>(std::exp(k == token_of(letter) && !lost ? 4.0 : -2.0 - noise)));
      }
    }
  }
  explicit Programme(int64_t count) {
    say(' ', 100);
    for (int64_t i = 0; i < count; ++i) {
      const std::string text = sentence(static_cast<uint64_t>(i));
      const double start = static_cast<double>(scores.frames) * 0.01 + 0.010;
      for (const char letter : text) say(letter, kFramesPerLetter);
      cues.push_back({start, static_cast<double>(scores.frames) * 0.01 + 0.010, text});
      say(' ', 100);
    }
  }
};

std::vector<float> themselves(std::span<const int> tokens) {
  std::vector<float> meant(tokens.size() * kTokens, 0.0F);
  for (size_t i = 0; i < tokens.size(); ++i) meant[i * kTokens + static_cast<size_t>(tokens[i])] = 1.0F;
  return meant;
}

CheckResult check(const Programme& programme, const std::vector<CheckedText>& cues) {
  static const TokenReader reader({.language = "en", .max_readings = 1});
  return check_subtitle(programme.scores, kFrameTimes, themselves, cues, reader);
}

std::vector<CheckedText> shifted(std::vector<CheckedText> cues, double seconds, size_t from = 0) {
  for (size_t i = from; i < cues.size(); ++i) {
    cues[i].start_seconds += seconds;
    cues[i].end_seconds += seconds;
  }
  return cues;
}

bool has(const CheckedCue& cue, CueReason reason) {
  return std::ranges::find(cue.reasons, reason) != cue.reasons.end();
}

}  // namespace

TEST_CASE("checker: what is right is ok, cue by cue, and nothing is suggested") {
  const Programme programme(20);
  const CheckResult result = check(programme, programme.cues);
  CHECK(result.state == FileState::ok);
  CHECK(result.bands[static_cast<size_t>(CueBand::ok)] == 20);
  for (size_t i = 0; i < result.cues.size(); ++i) {
    CHECK(result.cues[i].suggested_start_seconds == programme.cues[i].start_seconds);
    CHECK(result.cues[i].reasons.empty());
    REQUIRE(result.cues[i].best_fit.has_value());
    CHECK(result.cues[i].best_fit->start_seconds ==
          doctest::Approx(programme.cues[i].start_seconds).epsilon(0.02));
  }
}

TEST_CASE("checker: a shift is measured and the cues are right after it") {
  const Programme programme(20);
  const CheckResult result = check(programme, shifted(programme.cues, 7.0));
  CHECK(result.state == FileState::offset);
  CHECK(result.timing.segments[0].offset_seconds == doctest::Approx(-7.0).epsilon(0.005));
  for (size_t i = 0; i < result.cues.size(); ++i)
    CHECK(result.cues[i].suggested_start_seconds ==
          doctest::Approx(programme.cues[i].start_seconds).epsilon(0.02));
}

TEST_CASE("checker: a cut is found between two cues") {
  const Programme programme(24);
  const CheckResult result = check(programme, shifted(programme.cues, 15.0, 12));
  CHECK(result.state == FileState::cut);
  REQUIRE(result.timing.segments.size() == 2);
  CHECK(result.timing.segments[1].first_cue == 12);
}

TEST_CASE("checker: a wrong text is told by its cue alone") {
  const Programme programme(20);
  std::vector<CheckedText> cues = programme.cues;
  cues[5].text = sentence(1000);
  cues[9].text = "♪";
  const CheckResult result = check(programme, cues);
  CHECK(result.state == FileState::ok);
  CHECK(result.cues[5].band == CueBand::wrong);
  CHECK(has(result.cues[5], CueReason::text_not_in_audio));
  CHECK(result.cues[9].band == CueBand::not_scored);
  CHECK(has(result.cues[9], CueReason::unscorable_text));
  CHECK(result.bands[static_cast<size_t>(CueBand::ok)] == 18);
}

TEST_CASE("checker: another programme's subtitle, too little of one, and times beyond the audio") {
  const Programme programme(20);
  std::vector<CheckedText> cues = programme.cues;
  for (size_t i = 0; i < cues.size(); ++i) cues[i].text = sentence(2000 + i);
  const CheckResult result = check(programme, cues);
  CHECK(result.state == FileState::wrong_content);
  CHECK(result.timing.identity);
  CHECK(check(programme, {programme.cues.begin(), programme.cues.begin() + 2}).state == FileState::unsure);
  CHECK(check(programme, {}).state == FileState::unsure);
  const CheckResult far = check(programme, shifted(programme.cues, 10'000.0));
  CHECK(far.state == FileState::unsure);
  CHECK(has(far.cues[0], CueReason::out_of_range));
  CHECK(far.cues[0].band == CueBand::not_scored);
  CHECK(check(Programme(0), programme.cues).state == FileState::unsure);
}

TEST_CASE("checker: cues behind the end of a recording say nothing against those before it") {
  const Programme programme(20);
  std::vector<CheckedText> cues = programme.cues;
  for (const CheckedText& cue : shifted(programme.cues, 1000.0)) cues.push_back(cue);
  for (const CheckedText& cue : shifted(programme.cues, 2000.0)) cues.push_back(cue);
  const CheckResult result = check(programme, cues);
  CHECK(result.state == FileState::ok);
  CHECK(result.bands[static_cast<size_t>(CueBand::ok)] == 20);
  CHECK(result.bands[static_cast<size_t>(CueBand::not_scored)] == 40);
}

TEST_CASE("checker: a text that nobody could say is passed over at once") {
  const Programme programme(20);
  std::vector<CheckedText> cues = programme.cues;
  std::string endless;
  for (int i = 0; i < 1000; ++i) endless += "and so on ";
  cues[3].text = endless;
  cues[4].text = std::string(2'000'000, 'x');
  const CheckResult result = check(programme, cues);
  CHECK(result.state == FileState::ok);
  CHECK(result.cues[3].band == CueBand::not_scored);
  CHECK(result.cues[4].band == CueBand::not_scored);
  CHECK(result.bands[static_cast<size_t>(CueBand::ok)] == 18);
}

TEST_CASE("checker: cues need not stand in the order of their times") {
  const Programme programme(20);
  std::vector<CheckedText> cues = shifted(programme.cues, 4.0);
  std::ranges::reverse(cues);
  const CheckResult result = check(programme, cues);
  CHECK(result.state == FileState::offset);
  CHECK(result.cues[0].suggested_start_seconds ==
        doctest::Approx(programme.cues.back().start_seconds).epsilon(0.01));
}
