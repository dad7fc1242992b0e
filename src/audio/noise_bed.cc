#include "wav2vec/audio/noise_bed.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "wav2vec/core/rng.h"

namespace wav2vec {
namespace {

constexpr double kTurn = 2.0 * std::numbers::pi;

/// A second-order section with Butterworth's flanks (R. Bristow-Johnson's cookbook formulae).
class Biquad {
 public:
  static Biquad low_pass(double frequency, double rate) { return Biquad(frequency, rate, 1.0); }
  static Biquad high_pass(double frequency, double rate) { return Biquad(frequency, rate, -1.0); }

  double next(double x) {
    const double y = b0_ * x + b1_ * x1_ + b0_ * x2_ - a1_ * y1_ - a2_ * y2_;
    x2_ = x1_;
    x1_ = x;
    y2_ = y1_;
    y1_ = y;
    return y;
  }

 private:
  Biquad(double frequency, double rate, double sign) {
    const double w = kTurn * frequency / rate;
    const double alpha = std::sin(w) / std::numbers::sqrt2;
    const double norm = 1.0 + alpha;
    b0_ = (1.0 - sign * std::cos(w)) / 2.0 / norm;
    b1_ = sign * 2.0 * b0_;
    a1_ = -2.0 * std::cos(w) / norm;
    a2_ = (1.0 - alpha) / norm;
  }

  double b0_ = 0.0, b1_ = 0.0, a1_ = 0.0, a2_ = 0.0;
  double x1_ = 0.0, x2_ = 0.0, y1_ = 0.0, y2_ = 0.0;
};

void pass(Biquad filter, std::span<float> samples) {
  for (float& x : samples) x = static_cast<float>(filter.next(x));
}

struct Note {
  double frequency = 0.0;
  double seconds = 0.0;
  double level = 0.0;
};

void add_note(std::span<float> out, double rate, const Note& note) {
  constexpr int kOvertones = 5;
  constexpr double kAttackSeconds = 0.01;
  const auto count = std::min(std::ssize(out), static_cast<int64_t>(note.seconds * rate));
  // Turning pointers are many times faster than sines.
  const std::complex<double> turn = std::polar(1.0, kTurn * note.frequency / rate);
  std::complex<double> pointer = 1.0;
  for (int64_t n = 0; n < count; ++n, pointer *= turn) {
    const double t = static_cast<double>(n) / rate;
    const double envelope =
        std::min(t / kAttackSeconds, 1.0) * (1.0 - t / note.seconds) * (1.0 - t / note.seconds);
    double sum = 0.0;
    std::complex<double> overtone = pointer;
    for (int k = 1; k <= kOvertones; ++k, overtone *= pointer) sum += overtone.imag() / k;
    out[static_cast<size_t>(n)] += static_cast<float>(note.level * envelope * sum);
  }
}

}  // namespace

std::vector<float> pink_noise(int64_t samples, uint64_t seed) {
  // Voss and McCartney: sources that change half as often each.
  constexpr int kSources = 14;
  const RandomStream random(seed, RandomUse::programme, {1});
  std::vector<double> held(kSources, 0.0);
  std::vector<float> out(static_cast<size_t>(samples));
  uint64_t draw = 0;
  for (size_t n = 0; n < out.size(); ++n) {
    for (int k = 0; k < kSources; ++k) {
      if (n % (size_t{1} << k) == 0) held[static_cast<size_t>(k)] = random.uniform(draw++) - 0.5;
    }
    double sum = 0.0;
    for (const double value : held) sum += value;
    out[n] = static_cast<float>(sum / kSources);
  }
  return out;
}

std::vector<float> music(int64_t samples, int64_t sample_rate_hz, uint64_t seed) {
  const auto rate = static_cast<double>(sample_rate_hz);
  const RandomStream random(seed, RandomUse::programme, {2});
  std::vector<float> out(static_cast<size_t>(samples), 0.0F);
  const double beat_seconds = 60.0 / (80.0 + 60.0 * random.uniform(0));
  const double root = 110.0 * std::pow(2.0, static_cast<double>(random.below(1, 12)) / 12.0);
  constexpr int kDegrees[] = {0, 5, 7, 9};  // semitones of the chords' roots
  constexpr int kThirds[] = {4, 4, 4, 3};
  const auto at = [&](double seconds) {
    return std::span(out).subspan(std::min(out.size(), static_cast<size_t>(seconds * rate)));
  };
  const auto tone = [&](double semitones) { return root * std::pow(2.0, semitones / 12.0); };
  const double seconds = static_cast<double>(samples) / rate;
  uint64_t beat = 0;
  for (double t = 0.0; t < seconds; t += beat_seconds, ++beat) {
    const uint64_t chord = random.below(100 + beat / 4, std::size(kDegrees));
    const double base = kDegrees[chord];
    if (beat % 4 == 0) {
      for (const double step : {0.0, static_cast<double>(kThirds[chord]), 7.0, 12.0})
        add_note(at(t), rate, {tone(base + step), 4.0 * beat_seconds, 0.2});
    }
    if (beat % 2 == 0) add_note(at(t), rate, {tone(base - 12.0), 1.5 * beat_seconds, 0.35});
    // A melody in the range of voices, and a beat of noise.
    const double step = static_cast<double>(random.below(10000 + beat, 5)) * 2.4;
    add_note(at(t), rate, {tone(base + 12.0 + step), 1.2 * beat_seconds, 0.25});
    const std::span<float> drum = at(t + 0.5 * beat_seconds);
    for (size_t n = 0; n < std::min(drum.size(), static_cast<size_t>(0.08 * rate)); ++n) {
      const double decay = std::exp(-60.0 * static_cast<double>(n) / rate);
      drum[n] += static_cast<float>(0.4 * decay * (random.uniform(1'000'000 + beat * 10'000 + n) - 0.5));
    }
  }
  return out;
}

void telephone_band(std::span<float> samples, int64_t sample_rate_hz) {
  const auto rate = static_cast<double>(sample_rate_hz);
  pass(Biquad::high_pass(300.0, rate), samples);
  for (int i = 0; i < 3; ++i) pass(Biquad::low_pass(3400.0, rate), samples);
}

}  // namespace wav2vec
