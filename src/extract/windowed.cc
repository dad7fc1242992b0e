#include "wav2vec/extract/windowed.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "wav2vec/core/error.h"
#include "wav2vec/extract/frame_windows.h"

namespace wav2vec {
namespace {

constexpr int64_t kPieceFrames = 4096;

// A layer's rows of all windows, one behind the other.
struct Stitched {
  FrameGeometry geometry;
  int64_t frames = 0;
  int64_t channels = 0;
  ScratchArray rows;
};

// The rows of the layer that start in the window; `hop` is that of z.
void append(Stitched& layer, const FrameWindow& window, int64_t hop, const FeatureRows& rows,
            std::vector<float>& piece) {
  const int64_t per_frame = hop / layer.geometry.hop_samples;
  const int64_t offset = window.first_sample / layer.geometry.hop_samples;
  const int64_t end = window.last ? layer.frames : window.end_frame * per_frame;
  for (int64_t t = window.first_frame * per_frame; t < end; t += kPieceFrames) {
    const int64_t frames = std::min(kPieceFrames, end - t);
    piece.resize(static_cast<size_t>(frames * layer.channels));
    rows.read(t - offset, frames, piece.data());
    layer.rows.write(t, frames, piece.data());
  }
}

int64_t frames_of(double seconds, const FeatureExtractor& extractor, int64_t hop_samples) {
  return std::llround(seconds * static_cast<double>(extractor.info().sample_rate_hz) /
                      static_cast<double>(hop_samples));
}

}  // namespace

void extract_windows(FeatureExtractor& extractor, const WaveformSource& waveform,
                     std::span<const LayerId> layers, const WindowOptions& options,
                     const DeliverFeatures& deliver) {
  const ModelConfig& model = extractor.info().model;
  const FrameGeometry z = encoder_geometry(model);
  constexpr double kMostSeconds = 1e6;
  if (!(options.window_seconds <= kMostSeconds && options.context_seconds >= 0.0 &&
        options.context_seconds <= kMostSeconds) ||
      !(options.window_seconds > 0.0) || frames_of(options.window_seconds, extractor, z.hop_samples) < 1) {
    throw ConfigError(fmt::format(
        "--window {} with --window-context {}: expected a window of at least one frame ({} samples) and a "
        "context of 0 s or more",
        options.window_seconds, options.context_seconds, z.hop_samples));
  }
  if (z.frames_for(waveform.samples) < 1)
    return extractor.extract(waveform, layers, deliver);  // says why not
  std::vector<Stitched> stitched;
  for (const LayerId id : layers) {
    const FrameGeometry geometry = layer_geometry(model, id);
    const int64_t frames = geometry.frames_for(waveform.samples);
    const int64_t channels = extractor.channels(id);
    stitched.push_back({geometry, frames, channels,
                        extractor.scratch().make(frames, static_cast<size_t>(channels) * sizeof(float))});
  }
  std::vector<float> piece;
  for (const FrameWindow& window :
       frame_windows(z, waveform.samples, frames_of(options.window_seconds, extractor, z.hop_samples),
                     frames_of(options.context_seconds, extractor, z.hop_samples))) {
    extractor.extract(waveform_part(waveform, window.first_sample, window.samples), layers,
                      [&](size_t which, const FeatureRows& rows) {
                        append(stitched[which], window, z.hop_samples, rows, piece);
                      });
  }
  for (size_t which = 0; which < stitched.size(); ++which) {
    const Stitched& layer = stitched[which];
    deliver(which, {layer.frames, layer.channels,
                    [&](int64_t first, int64_t count, float* out) { layer.rows.read(first, count, out); }});
  }
}

}  // namespace wav2vec
