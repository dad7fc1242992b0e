#include "wav2vec/io/model_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "io/shown.h"
#include "wav2vec/config/pretrain_recipe.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/io/fairseq_checkpoint.h"
#include "wav2vec/io/file_kind.h"
#include "wav2vec/io/state_dict.h"

namespace wav2vec {
namespace {

constexpr const char* kFormat = "wav2vec-1";
constexpr const char* kHead = "head";
constexpr const char* kTokens = "tokens";  // of the head; files without it have letters
/// What every network under fairseq's names has.
constexpr std::string_view kFirstTensor = "feature_extractor.conv_layers.0.0.weight";

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& message) {
  throw FormatError(fmt::format("{}: {}", printable(path.string()), message));
}

std::string metadata_value(const SafetensorsFile& file, const std::string& key) {
  const auto found = file.metadata().find(key);
  if (found == file.metadata().end())
    fail(file.path(), fmt::format("metadata has no '{}'; expected a model written by wav2vec pretrain", key));
  return found->second;
}

int64_t metadata_integer(const SafetensorsFile& file, const std::string& key) {
  const std::string text = metadata_value(file, key);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0)
    fail(file.path(), fmt::format("metadata '{}' is '{}', expected a whole number", key, shown(text)));
  return value;
}

HeadConfig head_in_metadata(const SafetensorsFile& file) {
  HeadConfig head;
  const std::vector<RecipeSection> sections{recipe_section(kHead, head)};
  const std::string name = fmt::format("{} (metadata '{}')", printable(file.path().string()), kHead);
  try {
    parse_recipe(metadata_value(file, kHead), name, sections);
    head.validate();
  } catch (const ConfigError& error) {
    fail(file.path(), error.what());
  }
  return head;
}

TokenKind tokens_in_metadata(const SafetensorsFile& file) {
  const std::string name = metadata_value(file, kTokens);
  const auto* const found = std::ranges::find(kTokenKindNames, name);
  if (found == std::end(kTokenKindNames)) {
    fail(file.path(),
         fmt::format("metadata '{}' is '{}', expected one of: {}; a newer version may have written it",
                     kTokens, shown(name), fmt::join(kTokenKindNames, ", ")));
  }
  return static_cast<TokenKind>(found - std::begin(kTokenKindNames));
}

ModelFileInfo info_in_metadata(const SafetensorsFile& file) {
  const std::string format = metadata_value(file, "format");
  if (format != kFormat)
    fail(file.path(), fmt::format("format '{}', expected '{}'; a newer version may have written it",
                                  shown(format), kFormat));
  ModelFileInfo info;
  const std::string name = printable(file.path().string()) + " (metadata 'recipe')";
  try {
    parse_recipe(metadata_value(file, "recipe"), name, network_sections(info.model, info.objective));
    info.model.validate();
    info.objective.validate();
  } catch (const ConfigError& error) {
    // A broken file, not a broken command line.
    fail(file.path(), error.what());
  }
  info.sample_rate_hz = metadata_integer(file, "sample_rate_hz");
  info.normalize = metadata_integer(file, "normalize") != 0;
  info.update = metadata_integer(file, "update");
  if (file.metadata().contains(kHead)) info.head = head_in_metadata(file);
  if (file.metadata().contains(kTokens)) info.tokens = tokens_in_metadata(file);
  return info;
}

/// What is plainly something else gets a message of its own.
void refuse_other_kinds(const std::filesystem::path& path, FileKind kind) {
  switch (kind) {
    case FileKind::torch:
      if (!TorchFile::recognises(path))
        fail(path,
             "does not begin as PyTorch's files do, so it is no model; give a .safetensors, a .pt or a "
             "run folder");
      return;
    case FileKind::safetensors:
      return;
    case FileKind::unknown:
      fail(path,
           "begins neither as .safetensors nor as PyTorch's files do, so it is no model; give one of "
           "those or a run folder");
    case FileKind::onnx:
      fail(path,
           "an ONNX file, which is only written here; give the .safetensors or .pt that it was made from");
    default:
      fail(path, fmt::format("a file of {}, not a model; give a .safetensors, a .pt or a run folder",
                             kFileKindNames[static_cast<size_t>(kind)]));
  }
}

}  // namespace

ModelFile ModelFile::open(const std::filesystem::path& path) {
  const FileKind kind = file_kind(path);
  refuse_other_kinds(path, kind);
  ModelFile model = kind == FileKind::torch ? open_torch(path) : open_safetensors(path);
  const int64_t rate = model.info_.sample_rate_hz;
  if (rate < kMinSampleRateHz || rate > kMaxSampleRateHz)
    fail(path, fmt::format("'sample_rate_hz' is {}, expected {} to {}; use another model", rate,
                           kMinSampleRateHz, kMaxSampleRateHz));
  return model;
}

ModelFile ModelFile::open_torch(const std::filesystem::path& path) {
  ModelFile model(path, TorchFile::open(path));
  auto& torch = std::get<Torch>(model.file_);
  FairseqCheckpoint checkpoint = read_fairseq_checkpoint(torch.file);
  model.info_ = checkpoint.info;
  model.unused_ = std::move(checkpoint.unused);
  model.format_ =
      checkpoint.layout + (torch.file.container() == TorchContainer::legacy ? ", PyTorch legacy stream"
                                                                            : ", PyTorch zip archive");
  for (auto& [name, tensor] : checkpoint.tensors) {
    model.tensors_.push_back({name, tensor.dtype, tensor.shape, 0, 0});
    torch.tensors.emplace(name, std::move(tensor));
  }
  return model;
}

ModelFile ModelFile::open_safetensors(const std::filesystem::path& path) {
  ModelFile model(path, SafetensorsFile::open(path));
  const auto& file = std::get<SafetensorsFile>(model.file_);
  model.tensors_ = file.tensors();
  const bool foreign = !file.metadata().contains("recipe") && file.find(kFirstTensor) != nullptr;
  if (!foreign) {
    model.info_ = info_in_metadata(file);
    model.format_ = std::string(kFormat) + " safetensors";
    return model;
  }
  model.format_ = "safetensors without a configuration";
  try {
    model.info_ = infer_model(model.tensors_);
    model.info_.model.validate();
    model.info_.objective.validate();
    check_state_dict(model.info_, model.tensors_);
  } catch (const Error& error) {
    fail(path, error.what());
  }
  return model;
}

const TensorEntry* ModelFile::find(std::string_view name) const {
  const auto found = std::find_if(tensors_.begin(), tensors_.end(),
                                  [&](const TensorEntry& entry) { return entry.name == name; });
  return found == tensors_.end() ? nullptr : &*found;
}

void ModelFile::require(const std::string& name, const std::vector<int64_t>& shape) const {
  const TensorEntry* entry = find(name);
  if (entry == nullptr)
    fail(path_, fmt::format("no tensor '{}', which its recipe needs; use another model", name));
  if (entry->shape != shape)
    fail(path_, fmt::format("tensor '{}' has shape [{}], its recipe needs [{}]; use another model", name,
                            fmt::join(entry->shape, ", "), fmt::join(shape, ", ")));
}

void ModelFile::read(const std::string& name, const std::vector<int64_t>& shape, std::span<float> values) {
  require(name, shape);
  if (auto* torch = std::get_if<Torch>(&file_)) {
    torch->file.read_f32(torch->tensors.at(name), values);
  } else {
    std::get<SafetensorsFile>(file_).read_f32(name, values);
  }
  for (size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i]))
      fail(path_, fmt::format("tensor '{}' is not finite at element {}; use another checkpoint", name, i));
  }
}

void write_model_file(const std::filesystem::path& path, const ModelFileInfo& info,
                      std::span<const TensorToWrite> tensors) {
  ModelFileInfo copy = info;
  std::map<std::string, std::string> metadata{
      {"format", kFormat},
      {"recipe", format_recipe("", network_sections(copy.model, copy.objective))},
      {"sample_rate_hz", std::to_string(info.sample_rate_hz)},
      {"normalize", info.normalize ? "1" : "0"},
      {"update", std::to_string(info.update)}};
  if (copy.head) {
    const std::vector<RecipeSection> sections{recipe_section(kHead, *copy.head)};
    metadata.emplace(kHead, format_recipe("", sections));
    if (copy.tokens != TokenKind::letters)
      metadata.emplace(kTokens, kTokenKindNames[static_cast<size_t>(copy.tokens)]);
  }
  write_safetensors(path, tensors, metadata);
}

}  // namespace wav2vec
