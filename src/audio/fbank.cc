#include "wav2vec/audio/fbank.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "audio/analysis_window.h"
#include "audio/frame_cutter.h"
#include "wav2vec/audio/mel_bank.h"
#include "wav2vec/audio/real_fft.h"

namespace wav2vec {
namespace {

constexpr size_t kRowsPerCall = 256;

int64_t fft_samples(const WindowConfig& config, int64_t window_samples) {
  if (!config.round_to_power_of_two) return window_samples;
  return static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(window_samples)));
}

const FbankConfig& validated(const FbankConfig& config, int64_t sample_rate_hz) {
  config.validate(sample_rate_hz);
  return config;
}

}  // namespace

struct Fbank::State {
  FbankConfig config;
  FrameGrid grid;
  FrameCutter cutter;
  AnalysisWindow window;
  RealFft fft;
  std::vector<MelFilter> bank;
  std::vector<double> spectrum;
  std::vector<float> rows;

  State(const FbankConfig& options, int64_t rate)
      : config(validated(options, rate)),
        grid(frame_grid(config.window, rate)),
        cutter(grid),
        window(config.window, grid.window_samples),
        fft(static_cast<size_t>(fft_samples(config.window, grid.window_samples))),
        bank(make_mel_bank(config.mel, std::ssize(fft.input()), rate)),
        spectrum(fft.bins()) {
    std::fill(fft.input().begin(), fft.input().end(), 0.0);
  }

  size_t channels() const { return bank.size() + (config.use_energy ? 1 : 0); }

  FrameCutter::OnWindow compute_into(const RowSink& sink) {
    return [this, &sink](int64_t frame, std::span<const float> samples) {
      append_row(frame, samples);
      if (rows.size() >= kRowsPerCall * channels()) flush(sink);
    };
  }

  void flush(const RowSink& sink) {
    if (!rows.empty()) sink(rows);
    rows.clear();
  }

  void append_row(int64_t frame, std::span<const float> samples) {
    window.process(frame, samples);
    std::copy(window.values().begin(), window.values().end(), fft.input().begin());
    fft.power_spectrum(spectrum);
    if (!config.use_power)
      std::transform(spectrum.begin(), spectrum.end(), spectrum.begin(),
                     [](double x) { return std::sqrt(x); });
    if (config.use_energy && !config.htk_compat) rows.push_back(log_energy());
    for (const MelFilter& filter : bank) {
      const double energy = filter.apply(spectrum);
      rows.push_back(
          static_cast<float>(config.use_log_fbank ? std::log(std::max(energy, kEnergyEpsilon)) : energy));
    }
    if (config.use_energy && config.htk_compat) rows.push_back(log_energy());
  }

  float log_energy() const {
    const double energy = config.raw_energy ? window.raw_energy() : window.energy();
    return static_cast<float>(std::log(std::max({energy, kEnergyEpsilon, config.energy_floor})));
  }
};

Fbank::Fbank(const FbankConfig& config, int64_t sample_rate_hz)
    : state_(std::make_unique<State>(config, sample_rate_hz)) {}
Fbank::~Fbank() = default;

const FrameGrid& Fbank::grid() const { return state_->grid; }
int64_t Fbank::channels() const { return static_cast<int64_t>(state_->channels()); }

void Fbank::push(std::span<const float> samples, const RowSink& sink) {
  state_->cutter.push(samples, state_->compute_into(sink));
  state_->flush(sink);
}

void Fbank::finish(const RowSink& sink) {
  state_->cutter.finish(state_->compute_into(sink));
  state_->flush(sink);
}

std::vector<float> compute_fbank(const FbankConfig& config, int64_t sample_rate_hz,
                                 std::span<const float> waveform) {
  std::vector<float> all;
  const RowSink append = [&](std::span<const float> rows) {
    all.insert(all.end(), rows.begin(), rows.end());
  };
  Fbank fbank(config, sample_rate_hz);
  fbank.push(waveform, append);
  fbank.finish(append);
  return all;
}

}  // namespace wav2vec
