#include "wav2vec/extract/feature_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>

#include "wav2vec/audio/fbank.h"
#include "wav2vec/audio/mfcc.h"
#include "wav2vec/audio/resampler.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/hash.h"

namespace wav2vec {
namespace {

/// "key=value" of every field.
class OptionsText : public FieldVisitor {
 public:
  void field(std::string_view name, int64_t& value, std::string_view) override { say(name, value); }
  void field(std::string_view name, double& value, std::string_view) override { say(name, value); }
  void field(std::string_view name, bool& value, std::string_view) override { say(name, value); }
  void field(std::string_view name, std::string& value, std::string_view) override { say(name, value); }
  void field(std::string_view name, std::vector<int64_t>& value, std::string_view) override {
    say(name, fmt::format("{}", fmt::join(value, ",")));
  }
  void field(std::string_view name, std::vector<double>& value, std::string_view) override {
    say(name, fmt::format("{}", fmt::join(value, ",")));
  }
  void field(std::string_view name, std::vector<std::string>& value, std::string_view) override {
    say(name, fmt::format("{}", fmt::join(value, ",")));
  }
  void choice(std::string_view name, std::string& value, std::span<const std::string_view>,
              std::string_view) override {
    say(name, value);
  }

  std::string text;

 private:
  template <class Value>
  void say(std::string_view name, const Value& value) {
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, value);
  }
};

FeatureContract contract_of(const FeatureExtractor& extractor, LayerId layer,
                            const std::optional<WindowOptions>& window) {
  const FrameGeometry geometry = layer_geometry(extractor.info().model, layer);
  const int64_t rate = extractor.info().sample_rate_hz;
  return {.sample_rate_hz = rate,
          .hop_samples = geometry.hop_samples,
          .receptive_field_samples = geometry.receptive_field_samples,
          .first_sample = geometry.first_sample_of(0),
          .first_frame_center_seconds = geometry.center_sample_of(0) / static_cast<double>(rate),
          .layer = layer_name(layer),
          .channels = extractor.channels(layer),
          .model = extractor.model_path().string(),
          .model_hash = extractor.model_hash(),
          .resampler = resampler_description(),
          .dtype = std::string(kDTypeNames[static_cast<size_t>(extractor.dtype())]),
          .window_seconds = window ? window->window_seconds : 0.0,
          .window_context_seconds = window ? window->context_seconds : 0.0};
}

// Of features that follow from their options alone.
template <class Config>
FeatureContract contract_of(const std::string& name, Config config, const FrameGrid& grid, int64_t channels,
                            int64_t sample_rate_hz) {
  OptionsText options;
  config.visit(options);
  return {.sample_rate_hz = sample_rate_hz,
          .hop_samples = grid.hop_samples,
          .receptive_field_samples = grid.window_samples,
          .first_sample = grid.first_sample_of(0),
          .first_frame_center_seconds = grid.center_sample_of(0) / static_cast<double>(sample_rate_hz),
          .layer = name,
          .channels = channels,
          .model = name,
          .model_hash = fmt::format("crc32c:{:08x}", crc32c(options.text.data(), options.text.size())),
          .resampler = resampler_description(),
          .dtype = "f32",
          .options = options.text};
}

/// Collects rows that arrive in pieces.
class RowCollector {
 public:
  RowCollector(int64_t frames, int64_t channels)
      : frames_(frames),
        channels_(channels),
        array_(space_.make(frames, static_cast<size_t>(channels) * sizeof(float))) {}

  void add(std::span<const float> rows) {
    const int64_t count = std::ssize(rows) / channels_;
    array_.write(at_, count, rows.data());
    at_ += count;
  }

  FeatureRows rows() const {
    return {frames_, channels_,
            [this](int64_t first, int64_t count, float* out) { array_.read(first, count, out); }};
  }

 private:
  ScratchSpace space_{ScratchLimits{}};
  int64_t frames_;
  int64_t channels_;
  ScratchArray array_;
  int64_t at_ = 0;
};

// Fbank or Mfcc.
template <class Computer>
void compute_rows(Computer& computer, const WaveformSource& waveform, const DeliverFeatures& deliver) {
  constexpr int64_t kPiece = int64_t{1} << 20;
  const int64_t frames = computer.grid().frames_for(waveform.samples);
  if (frames < 1) {
    throw DataError(fmt::format("{} samples, shorter than one frame ({} samples); leave it out",
                                waveform.samples, computer.grid().window_samples));
  }
  RowCollector collector(frames, computer.channels());
  const RowSink sink = [&](std::span<const float> rows) { collector.add(rows); };
  std::vector<float> piece;
  for (int64_t first = 0; first < waveform.samples; first += kPiece) {
    piece.resize(static_cast<size_t>(std::min(kPiece, waveform.samples - first)));
    waveform.read(first, std::ssize(piece), piece.data());
    computer.push(piece, sink);
  }
  computer.finish(sink);
  deliver(0, collector.rows());
}

template <class Computer, class Config>
FeatureSource plain_features(const std::string& name, const Config& config, int64_t sample_rate_hz) {
  const auto computer = std::make_shared<Computer>(config, sample_rate_hz);
  return {sample_rate_hz,
          {contract_of(name, config, computer->grid(), computer->channels(), sample_rate_hz)},
          [computer](const WaveformSource& waveform, const DeliverFeatures& deliver) {
            compute_rows(*computer, waveform, deliver);
          }};
}

}  // namespace

FeatureSource model_features(FeatureExtractor& extractor, std::span<const LayerId> layers,
                             const std::optional<WindowOptions>& window) {
  FeatureSource source{.sample_rate_hz = extractor.info().sample_rate_hz, .contracts = {}, .extract = {}};
  for (const LayerId layer : layers) source.contracts.push_back(contract_of(extractor, layer, window));
  const std::vector<LayerId> wanted(layers.begin(), layers.end());
  source.extract = [&extractor, wanted, window](const WaveformSource& waveform,
                                                const DeliverFeatures& deliver) {
    if (window) {
      extract_windows(extractor, waveform, wanted, *window, deliver);
    } else {
      extractor.extract(waveform, wanted, deliver);
    }
  };
  return source;
}

FeatureSource fbank_features(const FbankConfig& config, int64_t sample_rate_hz) {
  return plain_features<Fbank>("fbank", config, sample_rate_hz);
}

FeatureSource mfcc_features(const MfccConfig& config, int64_t sample_rate_hz) {
  return plain_features<Mfcc>("mfcc", config, sample_rate_hz);
}

}  // namespace wav2vec
