#include "wav2vec/io/model_export.h"

#include <fmt/format.h>

#include <cmath>

#include "io/pickle_writer.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/io/state_dict.h"
#include "wav2vec/io/zip.h"

namespace wav2vec {
namespace {

/// One tensor in the type of the export.
struct ExportedTensor {
  StateDictEntry entry;
  ExportDtype dtype = ExportDtype::f32;
  std::vector<float> values;
  std::vector<uint16_t> halves;

  int64_t count() const { return static_cast<int64_t>(values.size() + halves.size()); }
  std::span<const std::byte> bytes() const {
    return dtype == ExportDtype::f32 ? std::as_bytes(std::span(values)) : std::as_bytes(std::span(halves));
  }
};

std::vector<uint16_t> to_halves(const ModelFile& model, const std::string& name,
                                std::span<const float> values) {
  std::vector<uint16_t> halves(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    halves[i] = float_to_half(values[i]);
    if (!std::isfinite(half_to_float(halves[i])))
      throw DataError(fmt::format("{}: tensor '{}' holds {}, more than f16 can; use --dtype f32",
                                  printable(model.path().string()), name, values[i]));
  }
  return halves;
}

ExportedTensor read_tensor(ModelFile& model, StateDictEntry entry, ExportDtype dtype) {
  ExportedTensor tensor{.entry = std::move(entry), .dtype = dtype, .values = {}, .halves = {}};
  size_t count = 1;
  for (const int64_t size : tensor.entry.shape) count *= static_cast<size_t>(size);
  tensor.values.resize(count);
  model.read(tensor.entry.name, tensor.entry.shape, tensor.values);
  if (dtype == ExportDtype::f16) {
    tensor.halves = to_halves(model, tensor.entry.name, tensor.values);
    tensor.values = {};
  }
  return tensor;
}

/// Those of the wav2vec network.
std::vector<ExportedTensor> read_tensors(ModelFile& model, ExportDtype dtype) {
  std::vector<ExportedTensor> tensors;
  for (StateDictEntry& entry : state_dict_of(model.info().model, model.info().objective)) {
    if (entry.name.starts_with("wav2vec_predictions.") && model.find(entry.name) == nullptr) continue;
    model.require(entry.name, entry.shape);
    tensors.push_back(read_tensor(model, std::move(entry), dtype));
  }
  return tensors;
}

// ---- fairseq's layout -------------------------------------------------------------------------------

std::string layer_list(std::span<const int64_t> channels, std::span<const int64_t> kernels,
                       std::span<const int64_t> strides) {
  std::string text = "[";
  for (size_t i = 0; i < channels.size(); ++i)
    text += fmt::format("{}({}, {}, {})", i == 0 ? "" : ", ", channels[i], kernels[i],
                        strides.empty() ? 1 : strides[i]);
  return text + "]";
}

/// Items of a dict or namespace.
class Items {
 public:
  explicit Items(PickleWriter& out) : out_(out) {}

  void text(std::string_view key, std::string_view value) { out_.text(key), out_.text(value); }
  void flag(std::string_view key, bool value) { out_.text(key), out_.boolean(value); }
  void integer(std::string_view key, int64_t value) { out_.text(key), out_.integer(value); }
  void real(std::string_view key, double value) { out_.text(key), out_.real(value); }

 private:
  PickleWriter& out_;
};

std::string_view criterion_of(const ObjectiveConfig& objective) {
  return objective.divisor == LossDivisor::labels ? "binary_cross_entropy" : "wav2vec";
}

void write_options(PickleWriter& out, const ModelFileInfo& info) {
  const ModelConfig& model = info.model;
  const ObjectiveConfig& objective = info.objective;
  out.global("argparse", "Namespace");
  out.empty_tuple();
  out.new_object();
  out.empty_dict();
  out.mark();
  Items items(out);
  items.text("arch", "wav2vec");
  items.text("task", "audio_pretraining");
  items.text("criterion", criterion_of(objective));
  items.integer("sample_rate", info.sample_rate_hz);
  items.flag("normalize", info.normalize);
  items.text("encoder", "cnn");
  items.text("conv_feature_layers",
             layer_list(model.encoder_channels, model.encoder_kernels, model.encoder_strides));
  items.text("aggregator", "cnn");
  items.text("conv_aggregator_layers", layer_list(model.context_channels, model.context_kernels, {}));
  items.flag("skip_connections_feat", model.encoder_skip);
  items.flag("skip_connections_agg", model.context_skip);
  items.real("residual_scale", model.residual_scale);
  items.flag("log_compression", model.log_compression);
  items.flag("agg_zero_pad", model.context_padding == ContextPadding::zero);
  items.flag("no_conv_bias", !model.context_bias);
  items.flag("non_affine_group_norm", !model.norm_affine);
  items.text("activation", kActivationNames[static_cast<size_t>(model.activation)]);
  items.real("dropout", model.dropout);
  items.real("dropout_features", model.dropout_features);
  items.real("dropout_agg", model.dropout_context);
  items.text("project_features", "none");
  items.text("vq_type", "none");
  items.integer("gru_dim", 512);
  items.integer("prediction_steps", objective.prediction_steps);
  if (objective.prediction_offset == 0) items.text("offset", "auto");
  if (objective.prediction_offset != 0) items.integer("offset", objective.prediction_offset);
  items.integer("num_negatives", objective.negatives);
  items.integer("cross_sample_negatives", objective.cross_sample_negatives);
  out.text("sample_distance");
  out.none();
  items.flag("balanced_classes", objective.balanced_classes);
  items.flag("infonce", objective.loss == ContrastiveLoss::infonce);
  out.set_items();
  out.build();
}

void write_ordered_dict(PickleWriter& out) {
  out.global("collections", "OrderedDict");
  out.empty_tuple();
  out.call();
}

void write_tensor(PickleWriter& out, const ExportedTensor& tensor, size_t key) {
  const std::vector<int64_t>& shape = tensor.entry.shape;
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  out.global("torch._utils", "_rebuild_tensor_v2");
  out.mark();
  out.mark();
  out.text("storage");
  out.global("torch", tensor.dtype == ExportDtype::f32 ? "FloatStorage" : "HalfStorage");
  out.text(std::to_string(key));
  out.text("cpu");
  out.integer(tensor.count());
  out.end_tuple();
  out.persistent();
  out.integer(0);
  out.tuple(shape);
  out.tuple(strides);
  out.boolean(false);
  write_ordered_dict(out);
  out.end_tuple();
  out.call();
}

/// What fairseq asks for when it loads: an entry of the history and a position in the data.
void write_training_state(PickleWriter& out, const ModelFileInfo& info) {
  Items items(out);
  out.text("optimizer_history");
  out.empty_list();
  out.mark();
  out.empty_dict();
  out.mark();
  items.text("criterion_name", "Wav2vecCriterion");
  items.text("optimizer_name", "FairseqAdam");
  out.text("lr_scheduler_state");
  out.empty_dict();
  items.integer("num_updates", info.update);
  out.set_items();
  out.append_items();
  out.text("extra_state");
  out.empty_dict();
  out.mark();
  out.text("train_iterator");
  out.empty_dict();
  out.mark();
  items.integer("epoch", 1);
  items.integer("iterations_in_epoch", 0);
  out.set_items();
  out.set_items();
  out.text("last_optimizer_state");
  out.none();
}

std::string checkpoint_pickle(const ModelFileInfo& info, std::span<const ExportedTensor> tensors) {
  PickleWriter out;
  out.empty_dict();
  out.mark();
  out.text("args");
  write_options(out, info);
  out.text("model");
  write_ordered_dict(out);
  out.mark();
  for (size_t i = 0; i < tensors.size(); ++i) {
    out.text(tensors[i].entry.name);
    write_tensor(out, tensors[i], i);
  }
  out.set_items();
  write_training_state(out, info);
  out.set_items();
  return std::move(out).finish();
}

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

}  // namespace

void export_safetensors(ModelFile& model, const std::filesystem::path& path, ExportDtype dtype) {
  std::vector<ExportedTensor> tensors = read_tensors(model, dtype);
  for (const TensorEntry& entry : model.tensors()) {
    if (!model.info().head || !is_of_head(entry)) continue;
    // Measured numbers, some hundred bytes, on which every score depends.
    const bool exact = entry.name == "head.log_priors" || entry.name == "head.calibration";
    tensors.push_back(
        read_tensor(model, {.name = entry.name, .shape = entry.shape}, exact ? ExportDtype::f32 : dtype));
  }
  std::vector<TensorToWrite> list;
  for (const ExportedTensor& tensor : tensors) {
    if (tensor.dtype == ExportDtype::f32)
      list.emplace_back(tensor.entry.name, tensor.entry.shape, std::span(tensor.values));
    else
      list.push_back(TensorToWrite::half(tensor.entry.name, tensor.entry.shape, tensor.halves));
  }
  write_model_file(path, model.info(), list);
}

void export_torch(ModelFile& model, const std::filesystem::path& path, ExportDtype dtype) {
  const std::vector<ExportedTensor> tensors = read_tensors(model, dtype);
  ZipWriter zip(path);
  zip.add("archive/data.pkl", bytes_of(checkpoint_pickle(model.info(), tensors)));
  for (size_t i = 0; i < tensors.size(); ++i) zip.add(fmt::format("archive/data/{}", i), tensors[i].bytes());
  zip.add("archive/version", bytes_of("3\n"));
  zip.commit();
}

}  // namespace wav2vec
