#include "wav2vec/head/head_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "wav2vec/align/pauses.h"
#include "wav2vec/align/similarity.h"
#include "wav2vec/audio/add_noise.h"
#include "wav2vec/audio/normalize.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/extract/frame_windows.h"
#include "wav2vec/extract/model_parameters.h"
#include "wav2vec/io/checkpoint.h"
#include "wav2vec/io/model_file.h"
#include "wav2vec/model/alignment_network.h"
#include "wav2vec/nn/softmax.h"
#include "wav2vec/text/token_set.h"

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

  Parts(std::filesystem::path file_path, ModelFile& file)
      : path(std::move(file_path)),
        info(file.info()),
        network(info.model, info.head.value(), token_count(info.tokens)),
        parameters(found_in(file, network.layout)) {
    load_parameters(parameters, [&](const ParameterSpec& spec, std::span<float> values) {
      file.read(spec.name, spec.shape, values);
    });
  }

  // A window says of its samples what a later one will say again.
  void note_powers(const float* samples, const FrameWindow& window, std::vector<float>& powers) const {
    const int64_t hop = encoder_geometry(info.model).hop_samples;
    for (int64_t first = 0; first + hop <= window.samples; first += hop) {
      const auto at = static_cast<size_t>((window.first_sample + first) / hop);
      if (at < powers.size())
        powers[at] = static_cast<float>(mean_power({samples + first, static_cast<size_t>(hop)}));
    }
  }

  // `attended`: of the only item of `hidden`, or empty.
  std::vector<float> meant(std::span<const int> tokens, const Activations& hidden,
                           std::span<const AttendedFrames> attended) {
    const Workspace::Mark mark = workspace.mark();
    const std::vector<std::vector<int>> texts{{tokens.begin(), tokens.end()}};
    TextCache unused;
    const Activations logits =
        text_forward(network, {parameters, workspace}, texts, kGapToken, hidden, attended, unused);
    std::vector<float> meant = meant_sounds(logits.item(0), logits.length(0), logits.channels);
    workspace.rewind(mark);
    return meant;
  }

  // The frames of one window.
  void score(const WaveformSource& waveform, const FrameWindow& window, RecordingScores& result) {
    const Workspace::Mark mark = workspace.mark();
    const std::span<int64_t> lengths = workspace.push_integers(1);
    lengths[0] = window.samples;
    const Activations audio = workspace.push(1, window.samples, 1, lengths);
    waveform.read(window.first_sample, window.samples, audio.item(0));
    note_powers(audio.item(0), window, result.powers);
    if (info.normalize) normalize_waveform({audio.item(0), static_cast<size_t>(window.samples)});
    const Pass pass{parameters, workspace};
    const AlignmentLogits logits = alignment_forward(network, pass, audio, nullptr);
    const int64_t context =
        window.first_frame - window.first_sample / encoder_geometry(info.model).hop_samples;
    const int64_t frames = window.end_frame - window.first_frame;
    std::ranges::copy(heard_sounds(logits.sounds.frame(0, context), frames, result.sounds,
                                   parameters[network.log_priors], kBackgroundShare),
                      result.heard.begin() + window.first_frame * result.sounds);
    if (network.attention) {
      std::copy_n(logits.hidden.frame(0, context), frames * result.hidden_channels,
                  result.hidden.begin() + window.first_frame * result.hidden_channels);
    }
    float* const letters = result.letters.data() + window.first_frame * result.tokens;
    std::copy_n(logits.letters.frame(0, context), frames * result.tokens, letters);
    log_softmax_rows(letters, frames, result.tokens);
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
  RecordingScores result{.frames = geometry.frames_for(waveform.samples),
                         .sounds = parts_->network.config.sounds,
                         .tokens = parts_->network.tokens(),
                         .heard = {},
                         .powers = {},
                         .letters = {}};
  result.powers.resize(static_cast<size_t>(waveform.samples / geometry.hop_samples));
  result.heard.resize(static_cast<size_t>(result.frames * result.sounds));
  result.letters.resize(static_cast<size_t>(result.frames * result.tokens));
  if (attends()) result.hidden_channels = parts_->network.sounds.in_channels;
  result.hidden.resize(static_cast<size_t>(result.frames * result.hidden_channels));
  if (result.frames == 0) return result;
  for (const FrameWindow& window : frame_windows(geometry, waveform.samples, window_frames, context_frames)) {
    parts_->score(waveform, window, result);
    if (progress && !progress(window.end_frame))
      return {.frames = 0,
              .sounds = result.sounds,
              .tokens = result.tokens,
              .heard = {},
              .powers = {},
              .letters = {}};
  }
  const std::vector<float> pause = meant({&kGapToken, 1});
  result.pauses = pause_scores({result.heard.data(), pause.data(), result.frames, 1, result.sounds});
  note_silence(result.pauses, result.powers);
  return result;
}

bool HeadModel::attends() const { return parts_->network.attention.has_value(); }

std::vector<float> HeadModel::meant(std::span<const int> tokens) { return parts_->meant(tokens, {}, {}); }

std::vector<float> HeadModel::meant(std::span<const int> tokens, const RecordingScores& scores,
                                    int64_t first_frame, int64_t end_frame) {
  if (!attends()) return meant(tokens);
  W2V_CHECK(scores.hidden_channels == parts_->network.sounds.in_channels && first_frame >= 0 &&
                first_frame <= end_frame && end_frame <= scores.frames,
            "frames that this head heard");
  const int64_t frames = end_frame - first_frame;
  if (frames == 0) return meant(tokens);
  // Only read.
  auto* const hidden = const_cast<float*>(scores.hidden.data()) + first_frame * scores.hidden_channels;
  const AttendedFrames attended{0, 0, frames};
  return parts_->meant(tokens, {hidden, 1, frames, scores.hidden_channels, {&frames, 1}}, {&attended, 1});
}

}  // namespace wav2vec
