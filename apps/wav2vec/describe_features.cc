// Facts of what extract writes.

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "describe_kinds.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/io/ark.h"
#include "wav2vec/io/feature_summary.h"
#include "wav2vec/io/feature_writer.h"
#include "wav2vec/io/safetensors.h"

namespace wav2vec::app {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Json width(int64_t channels) { return channels < 0 ? Json("differ") : Json(channels); }

void add_contract(const std::optional<FeatureContract>& contract, Json& facts) {
  if (contract) facts["contract"] = Json::parse(contract_to_json(*contract));
}

/// The contract in the file, else that of its folder.
Json features(const fs::path& path, const char* format, const FeatureFileSummary& summary) {
  Json facts{{"kind", "features"},
             {"format", format},
             {"utterances", summary.utterances},
             {"frames", summary.frames},
             {"channels", width(summary.channels)}};
  if (summary.period_seconds > 0.0) facts["period_seconds"] = summary.period_seconds;
  add_contract(summary.contract ? summary.contract : contract_beside(path, summary.channels), facts);
  facts["hash"] = file_hash(path);
  return facts;
}

Json archive(const fs::path& path, const char* format, const ArkSummary& summary) {
  Json facts =
      features(path, format,
               {.utterances = summary.utterances, .frames = summary.frames, .channels = summary.channels});
  facts["matrix"] = summary.kind;
  return facts;
}

// ---- folders --------------------------------------------------------------------------------------------

FeatureFileSummary as_features(const ArkSummary& ark) {
  return {.utterances = ark.utterances, .frames = ark.frames, .channels = ark.channels};
}

FeatureFileSummary summarize_npy_features(const fs::path& path) {
  const ArraySummary array = summarize_npy(path);
  if (array.dtype != "<f4" || array.shape.size() != 2)
    throw FormatError(printable(path.string()) + ": an array of another kind, no features");
  return {.frames = array.shape[0], .channels = array.shape[1]};
}

FeatureFileSummary summarize_safetensors_features(const fs::path& path) {
  if (const auto summary = summarize_safetensors(path)) return *summary;
  throw FormatError(printable(path.string()) + ": tensors of another kind, no features");
}

/// By extension, which files of features have.
const std::map<std::string, std::function<FeatureFileSummary(const fs::path&)>> kSummaries{
    {".npy", summarize_npy_features},
    {".npz", summarize_npz},
    {".htk", summarize_htk},
    {".h5context", summarize_hdf5},
    {".safetensors", summarize_safetensors_features},
    {".csv", summarize_csv},
    {".ark", [](const fs::path& path) { return as_features(summarize_ark(path)); }},
    {".scp", [](const fs::path& path) { return as_features(summarize_scp(path)); }},
    {".h5", summarize_hdf5}};

bool has_contract(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_regular_file(folder / kContractFileName, ignored);
}

/// Files of features by extension; anything else is passed over, and folders with a contract of their own.
std::map<std::string, std::vector<fs::path>> feature_files(const fs::path& folder) {
  std::map<std::string, std::vector<fs::path>> files;
  std::error_code error;
  const auto options = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator at(folder, options, error), end; !error && at != end;
       at.increment(error)) {
    if (at->is_directory(error)) {
      if (has_contract(at->path())) at.disable_recursion_pending();
      continue;
    }
    const std::string extension = at->path().extension().string();
    if (kSummaries.contains(extension) && at->is_regular_file(error)) files[extension].push_back(at->path());
  }
  if (error) throw DataError(printable(folder.string()) + ": cannot list the folder: " + error.message());
  for (auto& [extension, paths] : files) std::ranges::sort(paths);
  return files;
}

/// Why the folder's contract does not hold for a file; empty when it does.
std::string disagreement(const fs::path& path, const FeatureFileSummary& found,
                         const FeatureContract& contract) {
  if (!is_named_as(contract.file_format, path))
    return fmt::format("its name is not one of {}, as frames.json says", contract.file_format);
  if (found.frames > 0 && found.channels != contract.channels)
    return fmt::format("{} channels, but {} in frames.json", width(found.channels).dump(), contract.channels);
  const std::string difference = found.contract ? contract_difference(*found.contract, contract) : "";
  return difference.empty() ? "" : "its own contract is another than frames.json: " + difference;
}

/// Reads every file as far as needed to know that it is whole; what is wrong goes to `problems`.
Json describe_files(const std::string& extension, const std::vector<fs::path>& files,
                    const FeatureContract& contract, Json& problems) {
  int64_t utterances = 0;
  int64_t frames = 0;
  for (const fs::path& file : files) {
    try {
      const FeatureFileSummary found = kSummaries.at(extension)(file);
      utterances += found.utterances;
      frames += found.frames;
      if (const std::string problem = disagreement(file, found, contract); !problem.empty())
        problems.push_back(printable(file.string()) + ": " + problem);
    } catch (const DataError& error) {
      problems.push_back(error.what());
    }
  }
  return {{"format", extension.substr(1)},
          {"files", files.size()},
          {"utterances", utterances},
          {"frames", frames}};
}

}  // namespace

Json describe_npy(const fs::path& path) {
  const ArraySummary array = summarize_npy(path);
  const bool matrix = array.dtype == "<f4" && array.shape.size() == 2;
  const auto contract = matrix ? contract_beside(path, array.shape[1]) : std::nullopt;
  if (contract)
    return features(path, "npy",
                    {.frames = array.shape[0], .channels = array.shape[1], .contract = contract});
  return {{"kind", "array"}, {"dtype", array.dtype}, {"shape", array.shape}, {"hash", file_hash(path)}};
}

Json describe_npz(const fs::path& path) { return features(path, "npz", summarize_npz(path)); }
Json describe_htk(const fs::path& path) { return features(path, "HTK", summarize_htk(path)); }
Json describe_csv(const fs::path& path) { return features(path, "CSV", summarize_csv(path)); }
Json describe_ark(const fs::path& path) { return archive(path, "Kaldi archive", summarize_ark(path)); }
Json describe_scp(const fs::path& path) { return archive(path, "Kaldi index", summarize_scp(path)); }

Json describe_hdf5(const fs::path& path) {
  const FeatureFileSummary summary = summarize_hdf5(path);
  return features(path, summary.period_seconds > 0.0 ? "h5context" : "HDF5", summary);
}

// Other people's tensors too: whatever is no network.
Json describe_safetensors(const fs::path& path, bool with_tensors) {
  if (const auto summary = summarize_safetensors(path)) return features(path, "safetensors", *summary);
  const SafetensorsFile file = SafetensorsFile::open(path);
  if (file.metadata().contains("recipe") || file.find("feature_extractor.conv_layers.0.0.weight") != nullptr)
    return describe_model(path, with_tensors);
  Json tensors = Json::array();
  for (const TensorEntry& t : file.tensors())
    tensors.push_back({{"name", t.name}, {"dtype", t.dtype}, {"shape", t.shape}});
  return {
      {"kind", "tensors"}, {"metadata", file.metadata()}, {"hash", file_hash(path)}, {"tensors", tensors}};
}

Json describe_contract(const fs::path& path) {
  Json facts{{"kind", "contract"}};
  add_contract(read_feature_contract(path.parent_path()), facts);
  return facts;
}

Json describe_feature_folder(const fs::path& folder) {
  Json facts{{"kind", "features"}};
  const auto contract = read_feature_contract(folder);
  if (contract) {
    Json problems = Json::array();
    Json formats = Json::array();
    for (const auto& [extension, paths] : feature_files(folder)) {
      Json files = describe_files(extension, paths, *contract, problems);
      if (extension != ".scp") formats.push_back(std::move(files));  // what an index names was counted
    }
    if (formats.size() == 1) facts.update(formats[0]);
    if (formats.size() != 1) facts["formats"] = formats;
    if (!problems.empty()) facts["problems"] = problems;
    add_contract(contract, facts);
  }
  std::error_code ignored;
  Json layers = Json::object();  // of an extraction of several
  for (fs::directory_iterator at(folder, ignored), end; !ignored && at != end; at.increment(ignored)) {
    if (!has_contract(at->path())) continue;
    Json layer = describe_feature_folder(at->path());
    layer.erase("kind");
    layers[printable(at->path().filename().string())] = std::move(layer);
  }
  if (!layers.empty()) facts["layers"] = std::move(layers);
  return facts.size() > 1 ? facts : Json::object();
}

}  // namespace wav2vec::app
