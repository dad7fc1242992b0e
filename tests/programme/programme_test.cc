#include "wav2vec/programme/programme.h"

#include <doctest/doctest.h>

#include <cmath>

#include "support/speech_like.h"
#include "support/temporary_folder.h"
#include "wav2vec/audio/add_noise.h"
#include "wav2vec/audio/audio_reader.h"
#include "wav2vec/audio/audio_writer.h"
#include "wav2vec/audio/noise_bed.h"
#include "wav2vec/core/error.h"

using namespace wav2vec;

namespace {

Manifest utterances(const std::filesystem::path& folder) {
  Manifest manifest;
  for (int i = 0; i < 5; ++i) {
    std::vector<float> samples(4000, 0.0F);
    const std::vector<float> speech = test::glide(static_cast<uint64_t>(i), 16000 + 800 * i);
    samples.insert(samples.end(), speech.begin(), speech.end());
    samples.resize(samples.size() + 6000, 0.0F);
    const auto path = folder / ("u" + std::to_string(i) + ".wav");
    test::write_wav(path, samples);
    Utterance& utterance = manifest.utterances.emplace_back();
    utterance.id = path.filename().string();
    utterance.audio = path;
    utterance.text = "text " + std::to_string(i);
  }
  return manifest;
}

double power_of(const Programme& programme, double start, double end) {
  const auto at = [](double seconds) { return static_cast<size_t>(std::lround(seconds * 16000.0)); };
  return mean_power(std::span(programme.samples).subspan(at(start), at(end) - at(start)));
}

}  // namespace

TEST_CASE("programme: lines where the sound is, silence between them, the same for the same seed") {
  const TemporaryFolder folder;
  const Manifest manifest = utterances(folder.path());
  const Programme programme = make_programme(manifest, {.seconds = 30.0, .seed = 3});
  REQUIRE(programme.lines.size() > 5);
  CHECK(programme.samples.size() >= 30 * 16000);
  double last = 0.0;
  for (const ProgrammeLine& line : programme.lines) {
    CHECK(line.start_seconds >= last + 0.15 - 1e-3);
    CHECK(power_of(programme, last, line.start_seconds) == 0.0);
    CHECK(power_of(programme, line.start_seconds, line.end_seconds) ==
          doctest::Approx(0.06 * 0.06).epsilon(0.01));
    // Without the silence at both ends of its file.
    CHECK(line.end_seconds - line.start_seconds < 1.3);
    last = line.end_seconds;
  }
  // Every utterance once before one comes again.
  for (size_t i = 0; i < 5; ++i) {
    for (size_t j = 0; j < i; ++j) CHECK(programme.lines[i].utterance != programme.lines[j].utterance);
  }
  CHECK(make_programme(manifest, {.seconds = 30.0, .seed = 3}).samples == programme.samples);
  CHECK(make_programme(manifest, {.seconds = 30.0, .seed = 4}).samples != programme.samples);
}

TEST_CASE("programme: a bed at the ratio that was asked for, and the telephone's band") {
  const TemporaryFolder folder;
  const Manifest manifest = utterances(folder.path());
  const Programme clean = make_programme(manifest, {.seconds = 20.0});
  for (const NoiseBed bed : {NoiseBed::pink, NoiseBed::music}) {
    const Programme noisy = make_programme(manifest, {.seconds = 20.0, .bed = bed, .snr_db = 10.0});
    REQUIRE(noisy.samples.size() == clean.samples.size());
    std::vector<float> difference(clean.samples.size());
    for (size_t n = 0; n < difference.size(); ++n) difference[n] = noisy.samples[n] - clean.samples[n];
    CHECK(10.0 * std::log10(mean_power(clean.samples) / mean_power(difference)) ==
          doctest::Approx(10.0).epsilon(0.01));
  }
  const auto kept = [](double hz) {
    std::vector<float> tone(16000);
    for (size_t n = 0; n < tone.size(); ++n)
      tone[n] = static_cast<float>(std::sin(2.0 * 3.14159265358979 * hz * static_cast<double>(n) / 16000.0));
    telephone_band(tone, 16000);
    return mean_power(std::span(tone).subspan(8000)) / 0.5;
  };
  CHECK(kept(1000.0) > 0.9);
  CHECK(kept(60.0) < 0.01);
  CHECK(kept(6000.0) < 0.001);
}

TEST_CASE("programme: utterances without a text are refused") {
  Manifest manifest;
  manifest.utterances.emplace_back().audio = "a.wav";
  CHECK_THROWS_AS(make_programme(manifest, {}), DataError);
}

TEST_CASE("audio writer: what is written is read again, clipped where it must be") {
  const TemporaryFolder folder;
  std::vector<float> samples = test::glide(2, 5000);
  samples[7] = 1.5F;
  for (const char* name : {"a.wav", "a.flac"}) {
    write_audio(folder.path() / name, samples, 16000);
    const Waveform read = read_audio(folder.path() / name);
    REQUIRE(read.samples.size() == samples.size());
    for (size_t n = 0; n < samples.size(); ++n)
      CHECK(read.samples[n] == doctest::Approx(std::min(samples[n], 1.0F)).epsilon(1e-4).scale(1.0));
  }
}
