#include "wav2vec/programme/programme.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "wav2vec/audio/add_noise.h"
#include "wav2vec/audio/audio_reader.h"
#include "wav2vec/audio/noise_bed.h"
#include "wav2vec/core/draws.h"
#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

constexpr double kFrameSeconds = 0.01;
constexpr double kLoudDb = 35.0;
constexpr double kSpeechRms = 0.06;

double gap_seconds(const ProgrammeOptions& options, Draws& draws) {
  return std::clamp(options.gap_median_seconds * std::exp(options.gap_sigma * draws.normal()),
                    options.shortest_gap_seconds, options.longest_gap_seconds);
}

/// All of them in a new order, again and again.
class Deck {
 public:
  Deck(size_t count, Draws& draws) : draws_(draws) {
    for (size_t i = 0; i < count; ++i) cards_.push_back(i);
  }
  size_t next() {
    if (left_ == 0) left_ = cards_.size();
    const size_t at = draws_.below(left_--);
    std::swap(cards_[at], cards_[left_]);
    return cards_[left_];
  }

 private:
  Draws& draws_;
  std::vector<size_t> cards_;
  size_t left_ = 0;
};

void add_bed(Programme& programme, const ProgrammeOptions& options) {
  if (options.bed == NoiseBed::none) return;
  const auto count = std::ssize(programme.samples);
  const std::vector<float> bed = options.bed == NoiseBed::pink
                                     ? pink_noise(count, options.seed)
                                     : music(count, options.sample_rate_hz, options.seed);
  add_noise(programme.samples, bed, options.snr_db);
}

}  // namespace

std::pair<int64_t, int64_t> loud_part(std::span<const float> samples, int64_t sample_rate_hz) {
  const auto frame = static_cast<int64_t>(kFrameSeconds * static_cast<double>(sample_rate_hz));
  std::vector<double> powers;
  for (int64_t first = 0; first + frame <= std::ssize(samples); first += frame)
    powers.push_back(mean_power(samples.subspan(static_cast<size_t>(first), static_cast<size_t>(frame))));
  if (powers.empty()) return {0, 0};
  const double least = *std::ranges::max_element(powers) * std::pow(10.0, -kLoudDb / 10.0);
  const auto loud = [&](double power) { return power > 0.0 && power >= least; };
  const auto first = std::ranges::find_if(powers, loud);
  if (first == powers.end()) return {0, 0};
  auto last = powers.end() - 1;
  while (!loud(*last)) --last;
  return {std::max<int64_t>(0, (first - powers.begin() - 1) * frame),
          std::min(std::ssize(samples), (last - powers.begin() + 2) * frame)};
}

Programme make_programme(const Manifest& utterances, const ProgrammeOptions& options) {
  std::vector<const Utterance*> spoken;
  for (const Utterance& utterance : utterances.utterances) {
    if (!utterance.text.empty()) spoken.push_back(&utterance);
  }
  if (spoken.empty()) throw DataError("no utterance has a text; expected a column \"text\"");
  const RandomStream random(options.seed, RandomUse::programme, {0});
  Draws draws(random);
  Deck deck(spoken.size(), draws);
  Programme programme;
  const auto rate = static_cast<double>(options.sample_rate_hz);
  const auto seconds = [&] { return static_cast<double>(programme.samples.size()) / rate; };
  const auto pause = [&] {
    programme.samples.resize(programme.samples.size() +
                             static_cast<size_t>(gap_seconds(options, draws) * rate));
  };
  pause();
  while (seconds() < options.seconds) {
    const Utterance& utterance = *spoken[deck.next()];
    AudioOptions audio;
    audio.sample_rate_hz = options.sample_rate_hz;
    std::vector<float> samples =
        read_audio(utterance.audio, audio, utterance.start_seconds, utterance.duration_seconds).samples;
    const auto [begin, end] = loud_part(samples, options.sample_rate_hz);
    if (begin == end) continue;
    const auto loud =
        std::span(samples).subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
    const double gain = kSpeechRms / std::sqrt(mean_power(loud));
    const double start = seconds();
    for (const float sample : loud) programme.samples.push_back(static_cast<float>(gain * sample));
    programme.lines.push_back({.start_seconds = start,
                               .end_seconds = seconds(),
                               .text = utterance.text,
                               .speaker = utterance.speaker,
                               .utterance = utterance.id});
    pause();
  }
  add_bed(programme, options);
  if (options.telephone) telephone_band(programme.samples, options.sample_rate_hz);
  return programme;
}

std::string format_srt(std::span<const ProgrammeLine> lines) {
  const auto time = [](double seconds) {
    const auto ms = std::llround(seconds * 1000.0);
    return fmt::format("{:02}:{:02}:{:02},{:03}", ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60,
                       ms % 1000);
  };
  std::string out;
  for (size_t i = 0; i < lines.size(); ++i) {
    out += fmt::format("{}\n{} --> {}\n{}\n\n", i + 1, time(lines[i].start_seconds),
                       time(lines[i].end_seconds), lines[i].text);
  }
  return out;
}

}  // namespace wav2vec
