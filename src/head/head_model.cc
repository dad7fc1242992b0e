#include "wav2vec/head/head_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "wav2vec/audio/normalize.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
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
        parameters(found_in(file)) {
    load_parameters(parameters, [&](const ParameterSpec& spec, std::span<float> values) {
      file.read(spec.name, spec.shape, values);
    });
    for (const float log_prior : parameters[network.log_priors])
      log_priors.push_back(static_cast<float>(info.head->prior_exponent) * log_prior);
  }

  // Memory is taken only for what the file holds.
  const ParameterLayout& found_in(const ModelFile& file) const {
    for (const ParameterId id : network.layout.by_name())
      file.require(network.layout[id].name, network.layout[id].shape);
    return network.layout;
  }

  // Frames [first, end) of the recording, from the samples of these and `context` frames around them.
  void window(const WaveformSource& waveform, int64_t first, int64_t end, int64_t context, float* out) {
    const FrameGeometry geometry = encoder_geometry(info.model);
    const int64_t from = std::max<int64_t>(0, first - context);
    const int64_t first_sample = geometry.first_sample_of(from);
    const int64_t samples = std::min(waveform.samples, geometry.first_sample_of(end - 1 + context) +
                                                           geometry.receptive_field_samples) -
                            first_sample;
    const Workspace::Mark mark = workspace.mark();
    const std::span<int64_t> lengths = workspace.push_integers(1);
    lengths[0] = samples;
    const Activations audio = workspace.push(1, samples, 1, lengths);
    waveform.read(first_sample, samples, audio.item(0));
    if (info.normalize) normalize_waveform({audio.item(0), static_cast<size_t>(samples)});
    const Pass pass{parameters, workspace};
    const Activations logits = alignment_forward(network, pass, audio, nullptr).tokens;
    const std::vector<float> scores =
        scaled_log_posteriors(logits.frame(0, first - from), end - first, network.tokens(), log_priors);
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

FrameClock HeadModel::clock() const {
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
  const double hop_seconds = clock().hop_seconds;
  const int64_t window_frames = std::max<int64_t>(1, std::llround(kWindowSeconds / hop_seconds));
  const int64_t context_frames = std::llround(kContextSeconds / hop_seconds);
  RecordingScores result{geometry.frames_for(waveform.samples), parts_->network.tokens(), {}};
  result.rows.resize(static_cast<size_t>(result.frames * result.tokens));
  // Rounded, so that a short rest belongs to the last window.
  const int64_t windows = std::max<int64_t>(1, (result.frames + window_frames / 2) / window_frames);
  for (int64_t i = 0; i < windows && result.frames > 0; ++i) {
    const int64_t first = i * window_frames;
    const int64_t end = i + 1 == windows ? result.frames : first + window_frames;
    parts_->window(waveform, first, end, context_frames, result.rows.data() + first * result.tokens);
    if (progress && !progress(end)) return {0, result.tokens, {}};
  }
  return result;
}

}  // namespace wav2vec
