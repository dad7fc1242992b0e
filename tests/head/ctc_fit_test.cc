// Texts against posteriors that say one of them.

#include "wav2vec/head/ctc_fit.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "wav2vec/text/character_tokens.h"

using namespace wav2vec;

namespace {

constexpr int64_t kTokens = CharacterTokens::kCount;

/// "-" is CTC's blank; what is said has nine tenths of a frame.
std::vector<float> saying(const std::string& frames) {
  std::vector<float> log_p;
  for (const char said : frames) {
    const int right = said == '-' ? CharacterTokens::kBlank : token_of(said);
    for (int k = 0; k < kTokens; ++k)
      log_p.push_back(static_cast<float>(std::log(k == right ? 0.9 : 0.1 / (kTokens - 1))));
  }
  return log_p;
}

}  // namespace

TEST_CASE("CTC: words are where their letters peak, and only what is said is probable") {
  const std::string frames = "--h-e--l-l-o-- --y-o-u--";
  const std::vector<float> log_p = saying(frames);
  const CtcPosteriors posteriors{log_p.data(), std::ssize(frames), kTokens};
  const std::vector<int> hello = encode("hello you");
  const FrameTimes times{.first_frame_center_seconds = 0.005, .hop_seconds = 0.01};
  const auto words = ctc_word_times(hello, posteriors, times);
  REQUIRE(words.size() == 2);
  CHECK(words[0].start_seconds == doctest::Approx(0.02).epsilon(0.3));
  CHECK(words[0].end_seconds == doctest::Approx(0.12).epsilon(0.1));
  CHECK(words[1].start_seconds == doctest::Approx(0.17).epsilon(0.1));
  CHECK(ctc_mean_log_probability(hello, posteriors).value() == doctest::Approx(std::log(0.9)));
  CHECK(ctc_mean_log_probability(encode("jelly cat"), posteriors).value() < -1.0);
}

TEST_CASE("CTC: no letters, no frames, and more letters than frames have no path") {
  const std::vector<float> log_p = saying("-a-");
  const CtcPosteriors posteriors{log_p.data(), 3, kTokens};
  CHECK(!ctc_mean_log_probability({}, posteriors).has_value());
  CHECK(!ctc_mean_log_probability(encode("a"), {log_p.data(), 0, kTokens}).has_value());
  CHECK(!ctc_mean_log_probability(encode("abcde"), posteriors).has_value());
  CHECK(ctc_word_times(encode("abcde"), posteriors, {}).empty());
}
