#include "describe.h"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <set>

#include "describe_kinds.h"
#include "wav2vec/audio/audio_reader.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/data/manifest.h"
#include "wav2vec/data/manifest_builder.h"
#include "wav2vec/io/feature_contract.h"
#include "wav2vec/io/file_kind.h"

namespace wav2vec::app {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

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

// No run and no model: features, audio or nothing that is known.
Json describe_plain_folder(const fs::path& path) {
  if (Json features = describe_feature_folder(path); !features.empty()) return features;
  const FoundFiles found = find_audio_files(std::array{path});
  if (found.audio.empty())
    throw DataError(fmt::format("{}: no run, model, Kaldi data, features or audio files in this folder",
                                printable(path.string())));
  return {{"kind", "folder of audio"}, {"audio_files", found.audio.size()}, {"other_files", found.ignored}};
}

bool is_model_folder(const fs::path& path) {
  std::error_code ignored;
  for (const char* name : {"recipe.toml", "manifest.json", "model.safetensors", "checkpoints"})
    if (fs::exists(path / name, ignored)) return true;
  return false;
}

/// An index of matrices, "key archive:offset", not a list of audio files.
bool is_feature_index(const fs::path& path) {
  std::array<char, 4097> line{};
  std::ifstream(path).getline(line.data(), line.size());
  const std::string_view text(line.data());
  const size_t end = text.find_last_not_of("0123456789\r");
  return end != std::string_view::npos && text[end] == ':' && end + 1 < text.size();
}

Json describe_json(const fs::path& path) {
  if (path.filename() == kContractFileName) return describe_contract(path);
  std::array<char, 2> head{};
  std::ifstream(path).read(head.data(), head.size());
  if (head[0] != '{' || head[1] == '\n')  // a manifest has an object per line
    throw DataError(fmt::format("{}: JSON of another program; expected frames.json or a manifest",
                                printable(path.string())));
  return describe_manifest(path);
}

}  // namespace

Json describe_file(const fs::path& path, bool with_tensors) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    if (fs::exists(path / "wav.scp", ignored)) return describe_manifest(path);
    return is_model_folder(path) ? describe_folder(path, with_tensors) : describe_plain_folder(path);
  }
  switch (file_kind(path)) {
    case FileKind::npy:
      return describe_npy(path);
    case FileKind::npz:
      return describe_npz(path);
    case FileKind::hdf5:
      return describe_hdf5(path);
    case FileKind::torch:
      return describe_model(path, with_tensors);
    case FileKind::safetensors:
      return describe_safetensors(path, with_tensors);
    case FileKind::onnx:
      return describe_onnx(path);
    case FileKind::htk:
      return describe_htk(path);
    case FileKind::ark:
      return describe_ark(path);
    case FileKind::scp:
      return is_feature_index(path) ? describe_scp(path) : describe_manifest(path);
    case FileKind::csv:
      return describe_csv(path);
    case FileKind::unknown:
      break;
  }
  const fs::path extension = path.extension();
  if (extension == ".tsv" || extension == ".jsonl") return describe_manifest(path);
  return extension == ".json" ? describe_json(path) : describe_audio(path);
}

}  // namespace wav2vec::app
