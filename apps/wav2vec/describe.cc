#include "describe.h"

#include <set>

#include "wav2vec/audio/audio_reader.h"
#include "wav2vec/data/manifest.h"
#include "wav2vec/extract/feature_extractor.h"
#include "wav2vec/io/ark.h"
#include "wav2vec/io/feature_summary.h"
#include "wav2vec/io/npy.h"
#include "wav2vec/io/safetensors.h"

namespace wav2vec::app {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Json describe_model(const fs::path& path, bool with_tensors) {
  const FeatureExtractor network(path);
  const ModelFileInfo& info = network.info();
  const FrameGeometry g = encoder_geometry(info.model);
  Json tensors = Json::array();
  int64_t parameters = 0;
  const ModelFile file = ModelFile::open(network.model_path());
  for (const TensorEntry& t : file.tensors().tensors()) {
    parameters += t.count();
    tensors.push_back({{"name", t.name}, {"dtype", t.dtype}, {"shape", t.shape}});
  }
  Json facts{{"kind", "model"},
             {"file", network.model_path().string()},
             {"update", info.update},
             {"parameters", parameters},
             {"hash", network.model_hash()},
             {"sample_rate_hz", info.sample_rate_hz},
             {"hop_samples", g.hop_samples},
             {"receptive_field_samples", g.receptive_field_samples},
             {"context_frames", context_frames(info.model)},
             {"encoder_channels", info.model.encoder_channels},
             {"context_channels", info.model.context_channels},
             {"prediction_steps", info.objective.prediction_steps},
             {"tensor_count", tensors.size()}};
  if (with_tensors) facts["tensors"] = std::move(tensors);
  return facts;
}

Json describe_array(const fs::path& path) {
  const NpyArray array = read_npy(path);
  return {{"kind", "array"}, {"dtype", array.dtype}, {"shape", array.shape}};
}

Json describe_features(const fs::path& path, const ArkSummary& summary) {
  Json facts{{"kind", "features"},
             {"format", path.extension() == ".ark" ? "Kaldi archive" : "Kaldi index"},
             {"matrix", summary.kind},
             {"utterances", summary.utterances},
             {"frames", summary.frames}};
  facts["channels"] = summary.channels < 0 ? Json("differ") : Json(summary.channels);
  return facts;
}

Json describe_htk(const fs::path& path) {
  const FeatureFileSummary summary = summarize_htk(path);
  return {{"kind", "features"},           {"format", "HTK"},      {"frames", summary.frames},
          {"channels", summary.channels}, {"hash", summary.hash}, {"period_seconds", summary.period_seconds}};
}

// Features and other people's tensors: whatever is no network of ours.
Json describe_tensors(const fs::path& path, const SafetensorsFile& file) {
  Json tensors = Json::array();
  for (const TensorEntry& t : file.tensors())
    tensors.push_back({{"name", t.name}, {"dtype", t.dtype}, {"shape", t.shape}});
  return {
      {"kind", "tensors"}, {"metadata", file.metadata()}, {"hash", file_hash(path)}, {"tensors", tensors}};
}

Json describe_safetensors(const fs::path& path, bool with_tensors) {
  const SafetensorsFile file = SafetensorsFile::open(path);
  if (file.metadata().contains("recipe")) return describe_model(path, with_tensors);
  return describe_tensors(path, file);
}

// A run that has saved nothing yet has no model.
Json describe_folder(const fs::path& path, bool with_tensors) {
  Json facts = describe_run(path);
  if (!facts.empty() && !facts.contains("last_checkpoint")) return facts;
  Json model = describe_model(path, with_tensors);
  if (facts.empty()) return model;
  model.erase("kind");
  facts.update(model);
  return facts;
}

Json describe_manifest(const fs::path& path) {
  const Manifest manifest = read_manifest(path);
  std::set<std::string> speakers;
  int64_t with_text = 0;
  int64_t segments = 0;
  int64_t unknown_length = 0;
  for (const Utterance& u : manifest.utterances) {
    if (!u.speaker.empty()) speakers.insert(u.speaker);
    with_text += u.text.empty() ? 0 : 1;
    segments += u.is_segment() ? 1 : 0;
    unknown_length += u.samples < 0 ? 1 : 0;
  }
  return {{"kind", "manifest"},
          {"utterances", manifest.utterances.size()},
          {"hours", manifest.hours()},
          {"speakers", speakers.size()},
          {"with_text", with_text},
          {"segments", segments},
          {"unknown_length", unknown_length}};
}

Json describe_audio(const fs::path& path) {
  const AudioInfo info = probe_audio(path);
  Json out{{"kind", "audio"},
           {"format", info.format},
           {"sample_rate_hz", info.sample_rate_hz},
           {"channels", info.channels},
           {"decoder", info.via_ffmpeg ? "ffmpeg" : "libsndfile"}};
  if (info.frames >= 0) {
    out["samples"] = info.frames;
    out["seconds"] = static_cast<double>(info.frames) / static_cast<double>(info.sample_rate_hz);
  }
  return out;
}

}  // namespace

Json describe_file(const fs::path& path, bool with_tensors) {
  const std::string extension = path.extension().string();
  std::error_code ignored;
  const bool folder = fs::is_directory(path, ignored);
  if (extension == ".tsv" || extension == ".jsonl" || (folder && fs::exists(path / "wav.scp", ignored)))
    return describe_manifest(path);
  if (folder) return describe_folder(path, with_tensors);
  if (extension == ".safetensors") return describe_safetensors(path, with_tensors);
  if (extension == ".htk") return describe_htk(path);
  if (extension == ".npy") return describe_array(path);
  if (extension == ".ark") return describe_features(path, summarize_ark(path));
  if (extension == ".scp") return describe_features(path, summarize_scp(path));
  return describe_audio(path);
}

}  // namespace wav2vec::app
