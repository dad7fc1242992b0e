#include "wav2vec/probe/tuned_inputs.h"

#include <algorithm>

#include "wav2vec/audio/normalize.h"
#include "wav2vec/core/error.h"
#include "wav2vec/extract/decoded_waveform.h"
#include "wav2vec/io/checkpoint.h"
#include "wav2vec/io/model_file.h"
#include "wav2vec/model/wav2vec_model.h"

namespace wav2vec {
namespace {

enum class Direction { to_standard, to_gradient };

// y = (x − mean)·scale, or its gradient y = x·scale.
void standardize(const Standardization& s, const Activations& x, Direction direction, const Activations& y) {
  const bool center = direction == Direction::to_standard;
  for (int64_t b = 0; b < x.batch; ++b) {
    for (int64_t t = 0; t < x.length(b); ++t) {
      const float* in = x.frame(b, t);
      float* out = y.frame(b, t);
      for (int64_t c = 0; c < x.channels; ++c) {
        const auto i = static_cast<size_t>(c);
        out[c] = (center ? in[c] - s.mean[i] : in[c]) * s.scale[i];
      }
    }
  }
}

void set_zero(const Activations& x) { std::fill_n(x.item(0), x.size(), 0.0F); }

}  // namespace

Waveforms decode_for_tuning(const std::filesystem::path& model, std::span<const Utterance> utterances) {
  const ModelFileInfo info = ModelFile::open(resolve_model_path(model)).info();
  Waveforms waveforms(utterances.size());
#pragma omp parallel for schedule(dynamic)
  for (int64_t u = 0; u < std::ssize(utterances); ++u) {
    std::vector<float>& samples = waveforms[static_cast<size_t>(u)];
    try {
      const auto decoded =
          decode_utterance(utterances[static_cast<size_t>(u)], {.sample_rate_hz = info.sample_rate_hz}, {});
      samples.resize(static_cast<size_t>(decoded->samples()));
      decoded->source().read(0, decoded->samples(), samples.data());
      if (info.normalize) normalize_waveform(samples);
    } catch (const Error&) {
      samples.clear();  // told when its features were computed; it is in no part of the split
    }
  }
  return waveforms;
}

struct TunedNetwork::Network {
  ParameterLayout layout;
  Wav2VecModel model;
  std::unique_ptr<ParameterBlock> parameters;
  const Waveforms& waveforms;
  ProbeInput input;
  Standardization standardization;
  // Of the last forward().
  Workspace* workspace = nullptr;
  Wav2VecCache cache;
  Wav2VecFeatures features;

  Network(const ModelConfig& config, const ProbeInput& tuned, const Waveforms& audio)
      : model(make_wav2vec_model(config, layout)), waveforms(audio), input(tuned) {
    layout.freeze();
    parameters = std::make_unique<ParameterBlock>(layout);
  }

  Activations waveform_batch(std::span<const int64_t> utterances) const {
    const auto batch = std::ssize(utterances);
    const std::span<int64_t> lengths = workspace->push_integers(batch);
    for (size_t b = 0; b < utterances.size(); ++b)
      lengths[b] = std::ssize(waveforms[static_cast<size_t>(utterances[b])]);
    const Activations audio = workspace->push(batch, std::ranges::max(lengths), 1, lengths);
    for (size_t b = 0; b < utterances.size(); ++b)
      std::ranges::copy(waveforms[static_cast<size_t>(utterances[b])], audio.item(static_cast<int64_t>(b)));
    return audio;
  }

  const Activations& tuned_layer() const { return input.layers[0] == "z" ? features.z : features.c; }

  Activations forward(std::span<const int64_t> utterances, Workspace& memory) {
    workspace = &memory;
    const Pass pass{*parameters, memory};
    cache = {};
    features = wav2vec_forward(model, pass, waveform_batch(utterances), &cache);
    const Activations x = memory.push_like(tuned_layer());
    standardize(standardization, tuned_layer(), Direction::to_standard, x);
    return x;
  }

  void backward(const Activations& dx, ParameterBlock& gradients) {
    const Workspace::Mark mark = workspace->mark();
    const Pass pass{*parameters, *workspace};
    const Activations dz = workspace->push_like(features.z);
    const Activations dc = workspace->push_like(features.c);
    set_zero(dz);
    set_zero(dc);
    standardize(standardization, dx, Direction::to_gradient, input.layers[0] == "z" ? dz : dc);
    wav2vec_backward(model, pass, cache, dz, dc, gradients);
    workspace->rewind(mark);
  }
};

TunedNetwork::TunedNetwork(const std::filesystem::path& model, const ProbeInput& input,
                           const Waveforms& waveforms) {
  ModelFile file = ModelFile::open(resolve_model_path(model));
  network_ = std::make_unique<Network>(file.info().model, input, waveforms);
  load_parameters(*network_->parameters, [&](const ParameterSpec& spec, std::span<float> values) {
    file.read(spec.name, spec.shape, values);
  });
}

TunedNetwork::~TunedNetwork() = default;

ProbeInputs TunedNetwork::inputs(const ProbeFeatures& features,
                                 std::span<const int64_t> training_utterances) {
  Network* const network = network_.get();
  const FeatureTable& table = *features.tables_of(network->input)[0];
  network->standardization = standardization_of(table, training_utterances);
  return {.layers = 1,
          .channels = table.channels,
          .forward = [network](std::span<const int64_t> utterances,
                               Workspace& workspace) { return network->forward(utterances, workspace); },
          .backward = [network](const Activations& dx,
                                ParameterBlock& gradients) { network->backward(dx, gradients); },
          .tuned = network->parameters.get()};
}

}  // namespace wav2vec
