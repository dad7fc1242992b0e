#include "wav2vec/config/augment_config.h"

#include <doctest/doctest.h>

#include <limits>

using namespace wav2vec;

namespace {

std::string complaint(const auto& change) {
  AugmentConfig config;
  change(config);
  try {
    config.validate();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("augment: off by default, and valid") {
  CHECK_FALSE(AugmentConfig{}.enabled());
  CHECK_NOTHROW(AugmentConfig{}.validate());
}

TEST_CASE("augment: what cannot be is refused by name") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(complaint([](auto& c) { c.pitch_probability = 1.1; }).starts_with("[augment] pitch_probability: "));
  CHECK(complaint([&](auto& c) { c.noise_probability = nan; }).starts_with("[augment] noise_probability: "));
  CHECK(complaint([](auto& c) { c.pitch_cents = -1.0; }).starts_with("[augment] pitch_cents: "));
  CHECK(complaint([](auto& c) { c.reverb_min_seconds = 0.0; }).starts_with("[augment] reverb_min_seconds: "));
  CHECK(
      complaint([](auto& c) { c.reverb_max_seconds = 0.05; }).starts_with("[augment] reverb_min_seconds: "));
  CHECK(complaint([](auto& c) {
          c.reverb_min_direct_db = 20.0;
        }).starts_with("[augment] reverb_min_direct_db: "));
  CHECK(complaint([](auto& c) { c.babble_talkers = 0; }).starts_with("[augment] babble_talkers: "));
  CHECK(complaint([](auto& c) { c.noise_max_snr_db = 0.0; }).starts_with("[augment] noise_min_snr_db: "));
  CHECK(complaint([](auto& c) { c.band_reject_mel = 0.0; }).starts_with("[augment] band_reject_mel: "));
  CHECK(complaint([&](auto& c) { c.gain_db = nan; }).starts_with("[augment] gain_db: "));
}
