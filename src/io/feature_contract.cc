#include "wav2vec/io/feature_contract.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr uint64_t kMaxBytes = 1 << 20;

/// The one list of the fields; `visit(key, value)` in the order of the file.
template <class Contract, class Visit>
void for_each_field(Contract& contract, Visit&& visit) {
  visit("sample_rate_hz", contract.sample_rate_hz);
  visit("hop_samples", contract.hop_samples);
  visit("receptive_field_samples", contract.receptive_field_samples);
  visit("first_sample", contract.first_sample);
  visit("first_frame_center_seconds", contract.first_frame_center_seconds);
  visit("layer", contract.layer);
  visit("channels", contract.channels);
  visit("model", contract.model);
  visit("model_hash", contract.model_hash);
  visit("resampler", contract.resampler);
  visit("audio_channel", contract.audio_channel);
  visit("dtype", contract.dtype);
  visit("window_seconds", contract.window_seconds);
  visit("window_context_seconds", contract.window_context_seconds);
  visit("options", contract.options);
  visit("postprocess", contract.postprocess);
  visit("file_format", contract.file_format);
}

std::string dumped(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Json as_json(const FeatureContract& contract) {
  Json json = Json::object();
  for_each_field(contract, [&](const char* key, const auto& value) { json[key] = value; });
  return json;
}

void read_value(const Json& json, int64_t& value) {
  if (!json.is_number_integer()) throw FormatError("expected an integer");
  value = json.get<int64_t>();
}
void read_value(const Json& json, double& value) {
  if (!json.is_number()) throw FormatError("expected a number");
  value = json.get<double>();
}
void read_value(const Json& json, std::string& value) {
  if (!json.is_string()) throw FormatError("expected a text");
  value = json.get<std::string>();
}

}  // namespace

double FeatureContract::seconds_of(int64_t row) const {
  return first_frame_center_seconds +
         static_cast<double>(row * hop_samples) / static_cast<double>(sample_rate_hz);
}

std::string contract_to_json(const FeatureContract& contract, int indent) {
  return dumped(as_json(contract), indent);
}

FeatureContract contract_from_json(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) throw FormatError("not a frame contract: expected one JSON object");
  FeatureContract contract;
  for_each_field(contract, [&](const char* key, auto& value) {
    const auto found = json.find(key);
    if (found == json.end()) throw FormatError(fmt::format("not a frame contract: {} is missing", key));
    try {
      read_value(*found, value);
    } catch (const FormatError& error) {
      throw FormatError(fmt::format("not a frame contract: {}: {}", key, error.what()));
    }
  });
  return contract;
}

std::map<std::string, std::string> contract_as_text(const FeatureContract& contract) {
  std::map<std::string, std::string> text;
  const Json fields = as_json(contract);
  for (const auto& [key, value] : fields.items())
    text[key] = value.is_string() ? value.get<std::string>() : dumped(value);
  return text;
}

FeatureContract contract_from_text(const std::map<std::string, std::string>& text) {
  Json json = Json::object();
  const FeatureContract fields;
  for_each_field(fields, [&](const char* key, const auto& value) {
    const auto found = text.find(key);
    if (found == text.end()) return;
    const bool is_text = std::is_same_v<std::decay_t<decltype(value)>, std::string>;
    json[key] = is_text ? Json(found->second) : Json::parse(found->second, nullptr, false);
  });
  return contract_from_json(dumped(json));
}

std::string contract_difference(const FeatureContract& before, const FeatureContract& now) {
  // Both as a file would give them back: bytes that JSON cannot hold are no difference.
  const Json old_fields = Json::parse(contract_to_json(before));
  const Json fields = Json::parse(contract_to_json(now));
  for (const auto& [key, value] : fields.items()) {
    if (key != "model" && old_fields[key] != value)
      return fmt::format("{} is {}, now {}", key, printable(dumped(old_fields[key])),
                         printable(dumped(value)));
  }
  return "";
}

void write_feature_contract(const fs::path& folder, const FeatureContract& contract) {
  write_file(folder / kContractFileName, contract_to_json(contract, 2) + "\n");
}

std::optional<FeatureContract> read_feature_contract(const fs::path& folder) {
  const fs::path path = folder / kContractFileName;
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return std::nullopt;
  const std::string text = read_file(path, kMaxBytes);
  try {
    return contract_from_json(text);
  } catch (const FormatError& error) {
    throw FormatError(fmt::format("{}: {}", printable(path.string()), error.what()));
  }
}

}  // namespace wav2vec
