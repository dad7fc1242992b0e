#include "wav2vec/extract/feature_extractor.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "wav2vec/audio/normalize.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/hash.h"
#include "wav2vec/io/checkpoint.h"
#include "wav2vec/model/wav2vec_model.h"

namespace wav2vec {
namespace {

uint64_t physical_memory_bytes() {
  return static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

struct FeatureExtractor::Network {
  ParameterLayout layout;
  Wav2VecModel model;
  ParameterBlock parameters;
  Workspace workspace;
  std::optional<PackedWeights> packed;  // none in f32

  Pass pass() { return {parameters, workspace, nullptr, packed ? &*packed : nullptr}; }

  explicit Network(const ModelFile& file)
      : model(make_wav2vec_model(file.info().model, layout)), parameters(found_in(file)) {}

 private:
  // Memory is taken only for what the file holds.
  const ParameterLayout& found_in(const ModelFile& file) {
    layout.freeze();
    for (const ParameterId id : layout.by_name()) file.require(layout[id].name, layout[id].shape);
    return layout;
  }
};

FeatureExtractor::FeatureExtractor(const std::filesystem::path& model, DType dtype)
    : model_path_(resolve_model_path(model)) {
  ModelFile file = ModelFile::open(model_path_);
  info_ = file.info();
  try {
    network_ = std::make_unique<Network>(file);
  } catch (const ConfigError& error) {
    // The recipe in the file is no recipe of the user's.
    throw FormatError(fmt::format("{}: {}", printable(model_path_.string()), error.what()));
  }
  uint32_t crc = 0;
  load_parameters(network_->parameters, [&](const ParameterSpec& spec, std::span<float> values) {
    file.read(spec.name, spec.shape, values);
    crc = crc32c(spec.name.data(), spec.name.size(), crc);
    crc = crc32c(values.data(), values.size_bytes(), crc);
  });
  model_hash_ = fmt::format("crc32c:{:08x}", crc);
  if (dtype == DType::bf16) {
    network_->packed.emplace(convolutions_of(network_->model), PackFor::inference);
    network_->packed->refresh(network_->parameters);
  }
}

FeatureExtractor::~FeatureExtractor() = default;

DType FeatureExtractor::dtype() const { return network_->packed ? DType::bf16 : DType::f32; }

int64_t FeatureExtractor::channels(FeatureLayer layer) const {
  return layer == FeatureLayer::z ? network_->model.encoder.channels() : network_->model.context.channels();
}

uint64_t FeatureExtractor::bytes_for(int64_t samples) const {
  const ConvEncoder& encoder = network_->model.encoder;
  int64_t frames = samples;
  for (const EncoderBlock& block : encoder.blocks) frames = block.conv.output_frames(frames);
  // Of the context network the widest block: its input, padded input, sums and output.
  int64_t context = 0;
  for (const ContextBlock& block : network_->model.context.blocks)
    context = std::max(context, frames * 2 * (block.conv.in_channels + block.conv.out_channels));
  return encoder_inference_bytes(encoder, samples, dtype()) +
         static_cast<uint64_t>(samples + context) * sizeof(float);
}

Features FeatureExtractor::extract(std::span<const float> waveform, FeatureLayer layer) {
  const auto samples = static_cast<int64_t>(waveform.size());
  const FrameGeometry geometry = encoder_geometry(info_.model);
  if (geometry.frames_for(samples) < 1) {
    throw DataError(fmt::format("{} samples, shorter than one frame ({} samples); leave it out", samples,
                                geometry.receptive_field_samples));
  }
  const uint64_t needed = bytes_for(samples);
  const uint64_t available = physical_memory_bytes() / 10 * 8;
  if (needed > available) {
    throw DataError(
        fmt::format("{:.0f} s of audio need {} MiB at once, more than the {} MiB that this machine "
                    "can give; cut it into segments (a JSONL manifest with start and duration)",
                    static_cast<double>(samples) / static_cast<double>(info_.sample_rate_hz), needed >> 20,
                    available >> 20));
  }
  std::vector<float> input(waveform.begin(), waveform.end());
  if (info_.normalize) normalize_waveform(input);
  const int64_t lengths[1] = {samples};
  const Pass pass = network_->pass();
  const Workspace::Mark mark = network_->workspace.mark();
  const Activations wave{input.data(), 1, samples, 1, lengths};
  const Activations z = encoder_forward(network_->model.encoder, pass, wave, nullptr);
  const Activations out =
      layer == FeatureLayer::z ? z : context_forward(network_->model.context, pass, z, nullptr);
  Features features{out.frames, out.channels, {out.item(0), out.item(0) + out.size()}};
  network_->workspace.rewind(mark);
  return features;
}

}  // namespace wav2vec
