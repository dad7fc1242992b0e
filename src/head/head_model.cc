#include "wav2vec/head/head_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "wav2vec/audio/normalize.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/extract/frame_windows.h"
#include "wav2vec/extract/model_parameters.h"
#include "wav2vec/head/token_scores.h"
#include "wav2vec/io/checkpoint.h"
#include "wav2vec/io/model_file.h"
#include "wav2vec/model/alignment_network.h"
#include "wav2vec/text/character_tokens.h"

namespace wav2vec {
namespace {

constexpr double kWindowSeconds = 20.0;
constexpr double kContextSeconds = 2.0;

}  // namespace

struct HeadModel::Parts {
  std::filesystem::path path;
  ModelFileInfo info;
  AlignmentNetwork network;
  ParameterBlock parameters;
  Workspace workspace;
  std::vector<float> log_priors;  // as chain_loss() takes them

  Parts(std::filesystem::path file_path, ModelFile& file)
      : path(std::move(file_path)),
        info(file.info()),
        network(info.model, info.head.value(), CharacterTokens::kCount),
        parameters(found_in(file, network.layout)) {
    load_parameters(parameters, [&](const ParameterSpec& spec, std::span<float> values) {
      file.read(spec.name, spec.shape, values);
    });
    log_priors = scaled_log_priors(network, parameters);
  }

  // The frames of one window.
  void score(const WaveformSource& waveform, const FrameWindow& window, float* out) {
    const Workspace::Mark mark = workspace.mark();
    const std::span<int64_t> lengths = workspace.push_integers(1);
    lengths[0] = window.samples;
    const Activations audio = workspace.push(1, window.samples, 1, lengths);
    waveform.read(window.first_sample, window.samples, audio.item(0));
    if (info.normalize) normalize_waveform({audio.item(0), static_cast<size_t>(window.samples)});
    const Pass pass{parameters, workspace};
    const Activations logits = alignment_forward(network, pass, audio, nullptr).tokens;
    const int64_t context =
        window.first_frame - window.first_sample / encoder_geometry(info.model).hop_samples;
    const std::vector<float> scores = scaled_log_posteriors(
        logits.frame(0, context), window.end_frame - window.first_frame, network.tokens(), log_priors);
    std::ranges::copy(scores, out);
    workspace.rewind(mark);
  }
};

HeadModel::HeadModel(const std::filesystem::path& path) {
  const std::filesystem::path file_path = resolve_model_path(path);
  ModelFile file = ModelFile::open(file_path);
  if (!file.info().head) {
    throw FormatError(
        fmt::format("{}: is a network without a head that tells characters; train one with wav2vec "
                    "train-head --model {}",
                    printable(file_path.string()), printable(path.string())));
  }
  parts_ = std::make_unique<Parts>(file_path, file);
}

HeadModel::~HeadModel() = default;
HeadModel::HeadModel(HeadModel&&) noexcept = default;

const ModelFileInfo& HeadModel::info() const { return parts_->info; }
const std::filesystem::path& HeadModel::path() const { return parts_->path; }

FrameTimes HeadModel::frame_times() const {
  const FrameGeometry geometry = encoder_geometry(parts_->info.model);
  const auto rate = static_cast<double>(parts_->info.sample_rate_hz);
  return {geometry.center_sample_of(0) / rate, static_cast<double>(geometry.hop_samples) / rate};
}

MatchCalibration HeadModel::calibration() const {
  MatchCalibration calibration;
  std::ranges::copy(parts_->parameters[parts_->network.calibration], calibration.weights.begin());
  return calibration;
}

RecordingScores HeadModel::scores(const WaveformSource& waveform,
                                  const std::function<bool(int64_t frames)>& progress) {
  const FrameGeometry geometry = encoder_geometry(parts_->info.model);
  const double hop_seconds = frame_times().hop_seconds;
  const int64_t window_frames = std::max<int64_t>(1, std::llround(kWindowSeconds / hop_seconds));
  const int64_t context_frames = std::llround(kContextSeconds / hop_seconds);
  RecordingScores result{geometry.frames_for(waveform.samples), parts_->network.tokens(), {}};
  result.rows.resize(static_cast<size_t>(result.frames * result.tokens));
  if (result.frames == 0) return result;
  for (const FrameWindow& window : frame_windows(geometry, waveform.samples, window_frames, context_frames)) {
    parts_->score(waveform, window, result.rows.data() + window.first_frame * result.tokens);
    if (progress && !progress(window.end_frame)) return {0, result.tokens, {}};
  }
  return result;
}

}  // namespace wav2vec
