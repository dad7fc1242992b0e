#include "wav2vec/io/fairseq_checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "io/shown.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/log.h"
#include "wav2vec/core/say_once.h"
#include "wav2vec/io/layer_list.h"
#include "wav2vec/io/state_dict.h"

namespace wav2vec {
namespace {

constexpr std::string_view kDefaultEncoder =
    "[(512, 10, 5), (512, 8, 4), (512, 4, 2), (512, 4, 2), (512, 4, 2)]";
constexpr std::string_view kDefaultContext = "[(512, 3, 1)] * 9";
/// The criterion of 2019, which divided the loss by all labels and drew negatives without exclusion.
constexpr std::string_view kCriterion2019 = "binary_cross_entropy";

using Value = std::optional<PickleId>;

constexpr int kMaxWrappings = 4;  // a node may hold itself

/// A configuration node of omegaconf is what it wraps.
Value unwrapped(const PickleTree& tree, Value value) {
  for (int i = 0; value; ++i) {
    const PickleNode& node = tree[*value];
    if (node.kind == PickleKind::none) return std::nullopt;
    if (node.kind != PickleKind::object || !node.state) return value;
    if (node.text == "omegaconf.dictconfig DictConfig") return tree.find(*node.state, "_content");
    if (!node.text.starts_with("omegaconf.nodes ")) return value;
    if (i == kMaxWrappings) throw FormatError("configuration nodes within each other; expected a value");
    value = tree.find(*node.state, "_val");
  }
  return value;
}

/// Named options with a type and a default.
class Options {
 public:
  Options(const PickleTree& tree, Value map) : tree_(tree), map_(map) {}

  Value value(std::string_view key) const {
    return map_ ? unwrapped(tree_, tree_.find(*map_, key)) : std::nullopt;
  }

  std::string text(std::string_view key, std::string_view otherwise) const {
    const Value id = value(key);
    if (!id) return std::string(otherwise);
    if (tree_[*id].kind != PickleKind::text) fail(key, "text");
    return tree_[*id].text;
  }
  int64_t integer(std::string_view key, int64_t otherwise) const {
    const Value id = value(key);
    if (!id) return otherwise;
    if (!is_integer(*id)) fail(key, "a whole number");
    return tree_[*id].integer;
  }
  bool flag(std::string_view key) const { return integer(key, 0) != 0; }
  double real(std::string_view key, double otherwise) const {
    const Value id = value(key);
    if (!id) return otherwise;
    if (tree_[*id].kind == PickleKind::real) return tree_[*id].real;
    if (!is_integer(*id)) fail(key, "a number");
    return static_cast<double>(tree_[*id].integer);
  }
  bool is_boolean(std::string_view key) const {
    const Value id = value(key);
    return id && tree_[*id].kind == PickleKind::boolean;
  }
  bool is_text(std::string_view key) const {
    const Value id = value(key);
    return id && tree_[*id].kind == PickleKind::text;
  }

 private:
  bool is_integer(PickleId id) const {
    return tree_[id].kind == PickleKind::integer || tree_[id].kind == PickleKind::boolean;
  }
  [[noreturn]] static void fail(std::string_view key, std::string_view expected) {
    throw FormatError(fmt::format("option '{}' is not {}", key, expected));
  }

  const PickleTree& tree_;
  Value map_;
};

[[noreturn]] void refuse(std::string_view option, const std::string& found, std::string_view expected) {
  throw FormatError(fmt::format("option '{}' is '{}', only {} is supported", option, shown(found), expected));
}

void require_option(const Options& options, std::string_view key, std::string_view only) {
  const std::string found = options.text(key, only);
  if (found != only) refuse(key, found, fmt::format("'{}'", only));
}

std::vector<LayerTriple> layers_of(const Options& options, std::string_view key, std::string_view otherwise) {
  try {
    return parse_layer_list(options.text(key, otherwise));
  } catch (const FormatError& error) {
    throw FormatError(fmt::format("option '{}': {}", key, error.what()));
  }
}

void check_architecture(const std::string& name) {
  if (name != "wav2vec" && name != "audio_cpc" && !name.starts_with("wav2vec_"))
    throw FormatError(fmt::format("a model of architecture '{}', expected wav2vec (1.0)", shown(name)));
}

ModelConfig model_of(const Options& options) {
  if (const std::string vq = options.text("vq_type", "none"); vq != "none")
    throw FormatError(
        fmt::format("option 'vq_type' is '{}': vq-wav2vec is not supported; use a checkpoint of "
                    "wav2vec 1.0",
                    shown(vq)));
  require_option(options, "encoder", "cnn");
  require_option(options, "aggregator", "cnn");
  require_option(options, "project_features", "none");
  ModelConfig model;
  model.encoder_channels.clear();
  model.encoder_kernels.clear();
  model.encoder_strides.clear();
  for (const auto& [channels, kernel, stride] : layers_of(options, "conv_feature_layers", kDefaultEncoder)) {
    model.encoder_channels.push_back(channels);
    model.encoder_kernels.push_back(kernel);
    model.encoder_strides.push_back(stride);
  }
  model.context_channels.clear();
  model.context_kernels.clear();
  for (const auto& [channels, kernel, stride] :
       layers_of(options, "conv_aggregator_layers", kDefaultContext)) {
    if (stride != 1) refuse("conv_aggregator_layers", fmt::format("a stride of {}", stride), "a stride of 1");
    model.context_channels.push_back(channels);
    model.context_kernels.push_back(kernel);
  }
  model.encoder_skip = options.flag("skip_connections_feat");
  model.context_skip = options.flag("skip_connections_agg");
  model.residual_scale = options.real("residual_scale", 0.5);
  model.log_compression = options.flag("log_compression");
  model.context_padding = options.flag("agg_zero_pad") ? ContextPadding::zero : ContextPadding::replicate;
  model.context_bias = !options.flag("no_conv_bias");
  model.norm_affine = !options.flag("non_affine_group_norm");
  const std::string activation = options.text("activation", "relu");
  if (activation != "relu" && activation != "gelu") refuse("activation", activation, "'relu' or 'gelu'");
  model.activation = activation == "gelu" ? Activation::gelu : Activation::relu;
  model.dropout = options.real("dropout", 0.0);
  model.dropout_features = options.real("dropout_features", 0.0);
  model.dropout_context = options.real("dropout_agg", 0.0);
  return model;
}

/// "auto", a number, or a number as text: the command line of 2019 gave it no type.
int64_t offset_of(const Options& options) {
  if (!options.is_text("offset")) return options.integer("offset", 0);
  const std::string text = options.text("offset", "");
  if (text == "auto") return 0;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) refuse("offset", text, "'auto' or a number");
  return value;
}

ObjectiveConfig objective_of(const Options& options, const std::string& criterion, bool infonce) {
  ObjectiveConfig objective;
  objective.loss = infonce ? ContrastiveLoss::infonce : ContrastiveLoss::bce;
  objective.prediction_steps = options.integer("prediction_steps", 12);
  objective.prediction_offset = offset_of(options);
  objective.negatives = options.integer("num_negatives", 1);
  objective.cross_sample_negatives = options.integer("cross_sample_negatives", 0);
  // In 2019 a switch: all negatives come from the whole batch.
  if (options.is_boolean("cross_sample_negatives") && options.flag("cross_sample_negatives")) {
    objective.cross_sample_negatives = objective.negatives;
    objective.negatives = 0;
  }
  objective.balanced_classes = options.flag("balanced_classes") && !infonce;
  const bool first_release = criterion == kCriterion2019;
  objective.sampling = first_release ? NegativeSampling::uniform : NegativeSampling::fairseq_compat;
  objective.divisor = first_release ? LossDivisor::labels : LossDivisor::positives;
  return objective;
}

class CheckpointReader {
 public:
  explicit CheckpointReader(const TorchFile& file) : file_(file), tree_(file.tree()) {}

  FairseqCheckpoint run() {
    const Options top(tree_, tree_.root());
    if (!tree_.entries(tree_.root())) throw FormatError("its value is no dict; expected a checkpoint");
    if (const Value weights = top.value("model_weight")) {
      checkpoint_.layout = "s3prl";
      const Options model(tree_, top.value("model_cfg"));
      take_options(model, Options(tree_, top.value("task_cfg")), model, {});
      take_tensors(*weights);
      note_unused({"model_cfg", "task_cfg", "model_weight"});
    } else if (const Value model = top.value("model")) {
      read_fairseq(top, *model);
    } else {
      take_tensors(tree_.root());
      infer();
    }
    check();
    return std::move(checkpoint_);
  }

 private:
  void read_fairseq(const Options& top, PickleId model) {
    take_tensors(model);
    const Value configuration = top.value("cfg");
    const Value arguments = top.value("args");
    if (configuration) {
      checkpoint_.layout = "fairseq hydra";
      const Options sections(tree_, configuration);
      const Options network(tree_, sections.value("model"));
      const Options criterion(tree_, sections.value("criterion"));
      take_options(network, Options(tree_, sections.value("task")), criterion, criterion.text("_name", ""));
    } else if (arguments) {
      checkpoint_.layout = "fairseq 2019";
      const Options options(tree_, arguments);
      take_options(options, options, options, options.text("criterion", kCriterion2019));
    } else {
      infer();
    }
    take_update(top);
    note_unused({"cfg", "args", "model"});
  }

  void take_options(const Options& model, const Options& task, const Options& criterion,
                    const std::string& criterion_name) {
    check_architecture(model.text("_name", model.text("arch", "wav2vec")));
    ModelFileInfo& info = checkpoint_.info;
    info.model = model_of(model);
    info.objective = objective_of(model, criterion_name, model.flag("infonce") || criterion.flag("infonce"));
    info.sample_rate_hz = task.integer("sample_rate", 16000);
    info.normalize = task.flag("normalize");
    // inspect opens a model twice.
    if (model.value("sample_distance") && first_time("sample_distance " + file_.path().string()))
      log_warning(
          fmt::format("{}: option 'sample_distance' has no counterpart here and only matters in training",
                      printable(file_.path().string())));
  }

  void infer() {
    checkpoint_.layout = "state dict";
    checkpoint_.info = infer_model(entries());
  }

  void take_tensors(PickleId map) {
    const auto items = tree_.entries(map);
    if (!items) throw FormatError("its network is no dict of tensors");
    std::set<std::string_view> names;
    for (size_t i = 0; i + 1 < items->size(); i += 2) {
      const PickleNode& name = tree_[(*items)[i]];
      const TorchTensor* tensor = file_.tensor((*items)[i + 1]);
      if (name.kind != PickleKind::text || tensor == nullptr)
        throw FormatError(
            fmt::format("'{}' is no tensor, expected the tensors of a network", shown(name.text)));
      if (!names.insert(name.text).second)
        throw FormatError(fmt::format("tensor '{}' occurs twice", shown(name.text)));
      checkpoint_.tensors.emplace_back(name.text, *tensor);
    }
  }

  void take_update(const Options& top) {
    const Value history = top.value("optimizer_history");
    if (!history || tree_[*history].kind != PickleKind::list || tree_[*history].items.empty()) return;
    const Options newest(tree_, tree_[*history].items.back());
    checkpoint_.info.update = std::max<int64_t>(0, newest.integer("num_updates", 0));
  }

  void note_unused(const std::set<std::string_view>& used) {
    const auto items = *tree_.entries(tree_.root());
    std::set<std::string_view> noted;  // one long name may stand there again and again
    for (size_t i = 0; i + 1 < items.size(); i += 2) {
      const PickleNode& name = tree_[items[i]];
      const bool empty = tree_[items[i + 1]].kind == PickleKind::none;
      if (name.kind == PickleKind::text && !empty && !used.contains(name.text) &&
          noted.insert(name.text).second)
        checkpoint_.unused.push_back(shown(name.text));
    }
  }

  std::vector<TensorEntry> entries() const {
    std::vector<TensorEntry> entries;
    for (const auto& [name, tensor] : checkpoint_.tensors)
      entries.push_back({name, tensor.dtype, tensor.shape, 0, 0});
    return entries;
  }

  void check() const {
    checkpoint_.info.model.validate();
    checkpoint_.info.objective.validate();
    check_state_dict(checkpoint_.info, entries());
  }

  const TorchFile& file_;
  const PickleTree& tree_;
  FairseqCheckpoint checkpoint_;
};

}  // namespace

FairseqCheckpoint read_fairseq_checkpoint(const TorchFile& file) {
  try {
    return CheckpointReader(file).run();
  } catch (const Error& error) {
    throw FormatError(fmt::format("{}: {}", printable(file.path().string()), error.what()));
  }
}

}  // namespace wav2vec
