#include "wav2vec/audio/fbank.h"

#include <doctest/doctest.h>

#include <numbers>

#include "support/audio_files.h"
#include "support/kaldi_features.h"
#include "wav2vec/audio/audio_reader.h"
#include "wav2vec/audio/mel_bank.h"
#include "wav2vec/audio/mfcc.h"
#include "wav2vec/io/npy.h"

using namespace wav2vec;
using namespace wav2vec::test;

namespace {

std::vector<float> golden_signal(const std::string& name) {
  return read_audio(std::filesystem::path(W2V_TEST_DATA) / "kaldi" / (name + ".wav")).samples;
}

template <class Features>
std::vector<float> in_pieces(Features& features, std::span<const float> waveform, size_t piece) {
  std::vector<float> all;
  const RowSink append = [&](std::span<const float> rows) {
    CHECK(rows.size() % static_cast<size_t>(features.channels()) == 0);
    all.insert(all.end(), rows.begin(), rows.end());
  };
  for (size_t i = 0; i < waveform.size(); i += piece)
    features.push(waveform.subspan(i, std::min(piece, waveform.size() - i)), append);
  features.finish(append);
  return all;
}

}  // namespace

TEST_CASE("filter banks and MFCC are those that torchaudio.compliance.kaldi computed") {
  for (const auto& kaldi_case : kaldi_cases()) {
    for (const std::string signal : {"generated", "speech"}) {
      const std::string name = kaldi_case.at("name").get<std::string>() + "." + signal;
      CAPTURE(name);
      const NpyArray golden = read_npy(std::filesystem::path(W2V_TEST_DATA) / "kaldi" / (name + ".npy"));
      const double difference =
          max_difference(kaldi_case, compute_case(kaldi_case, golden_signal(signal)), golden.floats());
      CHECK(difference < 1e-3);
    }
  }
}

TEST_CASE("a waveform in pieces gives the same rows to the bit, one after the other too") {
  const std::vector<float> speech = golden_signal("speech");
  for (const bool snip_edges : {true, false}) {
    FbankConfig fbank_config;
    fbank_config.use_energy = true;
    fbank_config.window.snip_edges = snip_edges;
    fbank_config.window.dither = 1.0;
    MfccConfig mfcc_config;
    mfcc_config.window.snip_edges = snip_edges;
    mfcc_config.htk_compat = true;
    Fbank fbank(fbank_config, 16000);
    Mfcc mfcc(mfcc_config, 16000);
    for (const size_t length :
         {speech.size(), size_t{500}, size_t{399}, size_t{100}, size_t{80}, size_t{79}}) {
      const std::span<const float> wave = std::span(speech).first(length);
      for (const size_t piece : {size_t{1}, size_t{123}, size_t{400}, speech.size()}) {
        CAPTURE(length);
        CAPTURE(piece);
        CHECK(in_pieces(fbank, wave, piece) == compute_fbank(fbank_config, 16000, wave));
        CHECK(in_pieces(mfcc, wave, piece) == compute_mfcc(mfcc_config, 16000, wave));
      }
    }
  }
}

TEST_CASE("a long waveform comes out in short pieces of as many rows as the grid says") {
  const std::vector<float> wave = noise(16000 * 20, 5);
  for (const bool snip_edges : {true, false}) {
    FbankConfig config;
    config.window.snip_edges = snip_edges;
    Fbank fbank(config, 16000);
    int64_t values = 0;
    size_t longest = 0;
    const RowSink count = [&](std::span<const float> rows) {
      values += std::ssize(rows);
      longest = std::max(longest, rows.size());
    };
    fbank.push(wave, count);
    fbank.finish(count);
    CHECK(values == fbank.channels() * fbank.grid().frames_for(std::ssize(wave)));
    CHECK(longest <= size_t{256} * 23);
  }
}

TEST_CASE("without snip_edges a row is that of the signal continued by its mirror images") {
  const std::vector<float> speech = golden_signal("speech");
  FbankConfig edges;
  edges.window.snip_edges = false;
  const FrameGrid grid = frame_grid(edges.window, 16000);
  for (const size_t length : {size_t{90}, size_t{170}, size_t{399}, size_t{4000}}) {
    CAPTURE(length);
    const std::span<const float> wave = std::span(speech).subspan(3000, length);
    const std::vector<float> rows = compute_fbank(edges, 16000, wave);
    const auto frames = static_cast<size_t>(grid.frames_for(std::ssize(wave)));
    REQUIRE(rows.size() == frames * 23);
    for (size_t t = 0; t < frames; ++t) {
      // Walks like Kaldi's ExtractWindow.
      std::vector<float> window;
      for (int64_t i = 0; i < grid.window_samples; ++i) {
        int64_t at = grid.first_sample_of(static_cast<int64_t>(t)) + i;
        while (at < 0 || at >= std::ssize(wave)) at = at < 0 ? -at - 1 : 2 * std::ssize(wave) - 1 - at;
        window.push_back(wave[static_cast<size_t>(at)]);
      }
      const std::vector<float> alone = compute_fbank({}, 16000, window);
      CHECK(std::equal(alone.begin(), alone.end(), rows.begin() + static_cast<std::ptrdiff_t>(t * 23)));
    }
  }
}

TEST_CASE("a filter answers to the tone at its centre") {
  FbankConfig config;
  config.mel.num_mel_bins = 40;
  const double low = mel_scale(20.0);
  const double step = (mel_scale(8000.0) - low) / 41.0;
  for (const int64_t bin : {10, 20, 30, 39}) {
    const double hz = 700.0 * (std::exp((low + static_cast<double>(bin + 1) * step) / 1127.0) - 1.0);
    const std::vector<float> rows = compute_fbank(config, 16000, tone(1600, hz, 16000.0));
    CHECK(std::max_element(rows.begin(), rows.begin() + 40) - rows.begin() == bin);
  }
}

TEST_CASE("silence is the logarithm of 2^-23, or of the floor for the energy") {
  FbankConfig config;
  config.use_energy = true;
  const std::vector<float> silence(400, 0.25F);  // the mean is taken away
  const std::vector<float> rows = compute_fbank(config, 16000, silence);
  REQUIRE(rows.size() == 24);
  for (const float value : rows) CHECK(value == doctest::Approx(-23.0 * std::numbers::ln2));
  config.energy_floor = 10.0;
  CHECK(compute_fbank(config, 16000, silence)[0] == doctest::Approx(std::log(10.0)));
}

TEST_CASE("dither is noise of the standard deviation asked for, the same on every run") {
  FbankConfig config;
  config.use_energy = true;
  config.window.remove_dc_offset = false;
  config.window.dither = 2.0;
  config.window.waveform_scale = 1.0;
  const std::vector<float> silence(16000, 0.0F);
  const std::vector<float> rows = compute_fbank(config, 16000, silence);
  CHECK(rows == compute_fbank(config, 16000, silence));
  double energy = 0.0;
  for (size_t t = 0; t < 98; ++t) energy += std::exp(rows[t * 24]) / 98.0;
  CHECK(energy == doctest::Approx(400 * 4.0).epsilon(0.03));
  CHECK(rows[0] != rows[24]);
}

TEST_CASE("options that make no features are refused by name") {
  const auto refused = [](auto change, const char* key) {
    FbankConfig config;
    change(config);
    CHECK_THROWS_WITH_AS(Fbank(config, 16000), doctest::Contains(key), ConfigError);
  };
  refused([](FbankConfig& c) { c.window.frame_length_ms = 0.0; }, "[fbank] frame_length_ms");
  refused([](FbankConfig& c) { c.window.frame_length_ms = 1e9; }, "frame_length_ms");
  refused([](FbankConfig& c) { c.window.frame_shift_ms = 0.01; }, "frame_shift_ms");
  refused([](FbankConfig& c) { c.window.frame_shift_ms = NAN; }, "frame_shift_ms");
  refused([](FbankConfig& c) { c.window.preemphasis = 1.5; }, "preemphasis");
  refused([](FbankConfig& c) { c.window.waveform_scale = 0.0; }, "waveform_scale");
  refused([](FbankConfig& c) { c.mel.num_mel_bins = 0; }, "num_mel_bins");
  refused([](FbankConfig& c) { c.mel.high_freq = 9000.0; }, "high_freq");
  refused([](FbankConfig& c) { c.mel.low_freq = 8000.0; }, "low_freq");
  refused(
      [](FbankConfig& c) {
        c.window.round_to_power_of_two = false;
        c.window.frame_length_ms = 401.0 / 16.0;
      },
      "round_to_power_of_two");
  MfccConfig mfcc;
  mfcc.num_ceps = 24;
  CHECK_THROWS_WITH_AS(Mfcc(mfcc, 16000), doctest::Contains("[mfcc] num_ceps"), ConfigError);
}
