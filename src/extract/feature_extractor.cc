#include "wav2vec/extract/feature_extractor.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"
#include "wav2vec/core/hash.h"
#include "wav2vec/extract/model_parameters.h"
#include "wav2vec/io/checkpoint.h"
#include "wav2vec/model/layer_inference.h"

namespace wav2vec {
namespace {

// Left on the disk for everybody else.
constexpr uint64_t kSpareBytes = uint64_t{256} << 20;

}  // namespace

struct FeatureExtractor::Network {
  ParameterLayout layout;
  Wav2VecModel model;
  ParameterBlock parameters;
  Workspace workspace;
  std::optional<PackedWeights> packed;  // none in f32
  ScratchSpace scratch;

  Pass pass() { return {parameters, workspace, nullptr, packed ? &*packed : nullptr}; }

  Network(const ModelFile& file, ScratchLimits limits)
      : model(make_wav2vec_model(file.info().model, layout)),
        parameters(found_in(file, frozen())),
        scratch(std::move(limits)) {}

  int64_t choose_first_kept_block(int64_t samples, DType dtype, int64_t sample_rate_hz) const;

 private:
  const ParameterLayout& frozen() {
    layout.freeze();
    return layout;
  }
};

FeatureExtractor::FeatureExtractor(const std::filesystem::path& model, DType dtype, ScratchLimits scratch,
                                   std::optional<uint64_t> initial_seed)
    : model_path_(resolve_model_path(model)) {
  ModelFile file = ModelFile::open(model_path_);
  info_ = file.info();
  try {
    network_ = std::make_unique<Network>(file, std::move(scratch));
  } catch (const ConfigError& error) {
    // The recipe in the file is no recipe of the user's.
    throw FormatError(fmt::format("{}: {}", printable(model_path_.string()), error.what()));
  }
  if (initial_seed) {
    initialize_parameters(network_->parameters, *initial_seed);
    model_hash_ = fmt::format("seed:{}", *initial_seed);
  } else {
    uint32_t crc = 0;
    load_parameters(network_->parameters, [&](const ParameterSpec& spec, std::span<float> values) {
      file.read(spec.name, spec.shape, values);
      crc = crc32c(spec.name.data(), spec.name.size(), crc);
      crc = crc32c(values.data(), values.size_bytes(), crc);
    });
    model_hash_ = fmt::format("crc32c:{:08x}", crc);
  }
  if (dtype == DType::bf16) {
    network_->packed.emplace(convolutions_of(network_->model), PackFor::inference);
    network_->packed->refresh(network_->parameters);
  }
}

FeatureExtractor::~FeatureExtractor() = default;

DType FeatureExtractor::dtype() const { return network_->packed ? DType::bf16 : DType::f32; }

ScratchSpace& FeatureExtractor::scratch() { return network_->scratch; }

// Of the plans for which there is space on the disk.
int64_t FeatureExtractor::Network::choose_first_kept_block(int64_t samples, DType dtype,
                                                           int64_t sample_rate_hz) const {
  ScratchLimits limits = scratch.limits();
  InferencePlan plan = plan_inference(model, samples, dtype, limits);
  if (plan.file_bytes == 0) return plan.first_kept_block;
  const uint64_t free = free_bytes(limits.folder);
  limits.file_bytes = std::min(limits.file_bytes, free - std::min(free, kSpareBytes));
  plan = plan_inference(model, samples, dtype, limits);
  if (plan.file_bytes <= limits.file_bytes) return plan.first_kept_block;
  throw DiskError(fmt::format(
      "{}: {:.0f} s of audio need {} MiB of scratch files, {} MiB are free there; free some space or name "
      "another "
      "folder for scratch files (--scratch or TMPDIR)",
      printable(limits.folder.string()), static_cast<double>(samples) / static_cast<double>(sample_rate_hz),
      (plan.file_bytes >> 20) + 1, limits.file_bytes >> 20));
}

void FeatureExtractor::extract(const WaveformSource& waveform, std::span<const LayerId> layers,
                               const DeliverFeatures& deliver) {
  const FrameGeometry geometry = encoder_geometry(info_.model);
  if (geometry.frames_for(waveform.samples) < 1) {
    throw DataError(fmt::format("{} samples, shorter than one frame ({} samples); leave it out",
                                waveform.samples, geometry.receptive_field_samples));
  }
  network_->scratch.drop_unused_files();
  const InferenceOptions options{
      .first_kept_block = network_->choose_first_kept_block(waveform.samples, dtype(), info_.sample_rate_hz)};
  const WaveformSource input = info_.normalize ? normalized(waveform) : waveform;
  infer_layers(
      network_->model, network_->pass(), network_->scratch, {input.samples, input.read}, layers,
      [&](size_t which, const LayerRows& rows) {
        deliver(which, {rows.frames, rows.channels, rows.read});
      },
      options);
}

Features FeatureExtractor::extract(std::span<const float> waveform, LayerId layer) {
  Features features;
  extract(waveform_in_memory(waveform), {&layer, 1}, [&](size_t, const FeatureRows& rows) {
    features = {rows.frames, rows.channels,
                std::vector<float>(static_cast<size_t>(rows.frames * rows.channels))};
    rows.read(0, rows.frames, features.rows.data());
  });
  return features;
}

}  // namespace wav2vec
