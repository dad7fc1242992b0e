// Facts of what extract writes.

#include <map>

#include "describe_kinds.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/io/ark.h"
#include "wav2vec/io/feature_summary.h"
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

bool is_hdf5_archive(const fs::path& path) { return path.extension() == ".h5"; }

/// Files of features by extension; anything else is passed over.
std::map<std::string, std::vector<fs::path>> feature_files(const fs::path& folder) {
  std::map<std::string, std::vector<fs::path>> files;
  std::error_code error;
  const auto options = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator at(folder, options, error), end; !error && at != end;
       at.increment(error)) {
    const std::string extension = at->path().extension().string();
    for (const char* known : {".npy", ".npz", ".htk", ".h5context", ".safetensors", ".csv", ".ark", ".h5"})
      if (extension == known && at->is_regular_file(error)) files[extension].push_back(at->path());
  }
  if (error) throw DataError(printable(folder.string()) + ": cannot list the folder: " + error.message());
  return files;
}

/// Files of an utterance each are counted, archives are read.
Json describe_files(const std::string& extension, const std::vector<fs::path>& files) {
  Json facts{{"format", extension.substr(1)}, {"files", files.size()}};
  if (extension != ".ark" && extension != ".h5") {
    facts["utterances"] = files.size();
    return facts;
  }
  int64_t utterances = 0;
  int64_t frames = 0;
  for (const fs::path& file : files) {
    const Json one = is_hdf5_archive(file) ? describe_hdf5(file) : describe_ark(file);
    utterances += one["utterances"].get<int64_t>();
    frames += one["frames"].get<int64_t>();
    if (one.contains("matrix")) facts["matrix"] = one["matrix"];
  }
  facts["utterances"] = utterances;
  facts["frames"] = frames;
  return facts;
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
  std::error_code ignored;
  Json facts{{"kind", "features"}};
  const auto contract = read_feature_contract(folder);
  if (contract) {
    const auto files = feature_files(folder);
    Json formats = Json::array();
    for (const auto& [extension, paths] : files) formats.push_back(describe_files(extension, paths));
    if (formats.size() == 1) facts.update(formats[0]);
    if (formats.size() != 1) facts["formats"] = formats;
    add_contract(contract, facts);
    return facts;
  }
  Json layers = Json::object();  // of an extraction of several
  for (fs::directory_iterator at(folder, ignored), end; !ignored && at != end; at.increment(ignored)) {
    if (!fs::is_regular_file(at->path() / kContractFileName, ignored)) continue;
    Json layer = describe_feature_folder(at->path());
    layer.erase("kind");
    layers[printable(at->path().filename().string())] = std::move(layer);
  }
  if (layers.empty()) return Json::object();
  facts["layers"] = std::move(layers);
  return facts;
}

}  // namespace wav2vec::app
