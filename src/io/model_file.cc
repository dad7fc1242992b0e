#include "wav2vec/io/model_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cmath>

#include "wav2vec/config/pretrain_recipe.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"

namespace wav2vec {
namespace {

constexpr const char* kFormat = "wav2vec-1";

[[noreturn]] void fail(const SafetensorsFile& file, const std::string& message) {
  throw FormatError(fmt::format("{}: {}", printable(file.path().string()), message));
}

std::string metadata_value(const SafetensorsFile& file, const std::string& key) {
  const auto found = file.metadata().find(key);
  if (found == file.metadata().end())
    fail(file, fmt::format("metadata has no '{}'; expected a model written by wav2vec pretrain", key));
  return found->second;
}

int64_t metadata_integer(const SafetensorsFile& file, const std::string& key) {
  const std::string text = metadata_value(file, key);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0)
    fail(file, fmt::format("metadata '{}' is '{}', expected a whole number", key, printable(text)));
  return value;
}

}  // namespace

ModelFile ModelFile::open(const std::filesystem::path& path) {
  ModelFile model(SafetensorsFile::open(path));
  const SafetensorsFile& file = model.file_;
  const std::string format = metadata_value(file, "format");
  if (format != kFormat)
    fail(file, fmt::format("format '{}', expected '{}'; a newer version may have written it",
                           printable(format), kFormat));
  ModelFileInfo& info = model.info_;
  const std::string name = printable(path.string()) + " (metadata 'recipe')";
  try {
    parse_recipe(metadata_value(file, "recipe"), name, network_sections(info.model, info.objective));
    info.model.validate();
    info.objective.validate();
  } catch (const ConfigError& error) {
    // A broken file, not a broken command line.
    fail(file, error.what());
  }
  info.sample_rate_hz = metadata_integer(file, "sample_rate_hz");
  if (info.sample_rate_hz < kMinSampleRateHz || info.sample_rate_hz > kMaxSampleRateHz)
    fail(file, fmt::format("metadata 'sample_rate_hz' is {}, expected {} to {}; use another model",
                           info.sample_rate_hz, kMinSampleRateHz, kMaxSampleRateHz));
  info.normalize = metadata_integer(file, "normalize") != 0;
  info.update = metadata_integer(file, "update");
  return model;
}

void ModelFile::require(const std::string& name, const std::vector<int64_t>& shape) const {
  const TensorEntry* entry = file_.find(name);
  if (entry == nullptr)
    fail(file_, fmt::format("no tensor '{}', which its recipe needs; use another model", name));
  if (entry->shape != shape)
    fail(file_, fmt::format("tensor '{}' has shape [{}], its recipe needs [{}]; use another model", name,
                            fmt::join(entry->shape, ", "), fmt::join(shape, ", ")));
}

void ModelFile::read(const std::string& name, const std::vector<int64_t>& shape, std::span<float> values) {
  require(name, shape);
  file_.read_f32(name, values);
  for (size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i]))
      fail(file_, fmt::format("tensor '{}' is not finite at element {}; use another checkpoint", name, i));
  }
}

void write_model_file(const std::filesystem::path& path, const ModelFileInfo& info,
                      std::span<const TensorToWrite> tensors) {
  ModelFileInfo copy = info;
  write_safetensors(path, tensors,
                    {{"format", kFormat},
                     {"recipe", format_recipe("", network_sections(copy.model, copy.objective))},
                     {"sample_rate_hz", std::to_string(info.sample_rate_hz)},
                     {"normalize", info.normalize ? "1" : "0"},
                     {"update", std::to_string(info.update)}});
}

}  // namespace wav2vec
