#include "wav2vec/data/inputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/data/manifest_builder.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

bool is_manifest(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return fs::exists(path / "wav.scp", error);
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension == ".tsv" || extension == ".jsonl" || extension == ".json" || extension == ".scp";
}

Utterance file_utterance(const fs::path& audio, const fs::path& id) {
  Utterance u;
  u.audio = audio;
  u.id = id.parent_path() / id.stem();
  return u;
}

// "/data/a/b.flac" -> "data/a/b", "b.flac:1.000+2.000" -> "b:1.000+2.000"; "spk/utt" and other ids that are
// no file's name stay.
std::string output_id(const Utterance& u) {
  fs::path relative = fs::path(u.id).relative_path();
  if (const std::string times = segment_suffix(u), id = relative.string();
      !times.empty() && id.ends_with(u.audio.extension().string() + times))
    return fs::path(id.substr(0, id.size() - times.size())).replace_extension().string() + times;
  if (relative.extension() == u.audio.extension() && !u.audio.extension().empty())
    relative.replace_extension();
  return relative.string();
}

void add_folder(const fs::path& folder, CollectedInputs& out) {
  const fs::path inputs[] = {folder};
  FoundFiles found = find_audio_files(inputs);
  for (const fs::path& file : found.audio)
    out.manifest.utterances.push_back(file_utterance(file, file.lexically_relative(folder)));
  if (found.audio.empty() && found.failures.empty())
    out.failures.push_back(fmt::format("{}: no audio files in this folder", printable(folder.string())));
  std::move(found.failures.begin(), found.failures.end(), std::back_inserter(out.failures));
}

}  // namespace

CollectedInputs collect_inputs(std::span<const std::string> inputs) {
  CollectedInputs out;
  for (const std::string& input : inputs) {
    const fs::path path(input);
    std::error_code error;
    if (is_manifest(path)) {
      try {
        for (Utterance& u : read_manifest(path).utterances) {
          u.id = output_id(u);
          out.manifest.utterances.push_back(std::move(u));
        }
      } catch (const DataError& failure) {
        out.failures.emplace_back(failure.what());
      }
    } else if (fs::is_directory(path, error)) {
      add_folder(path, out);
    } else {
      out.manifest.utterances.push_back(file_utterance(path, path.filename()));
    }
  }
  return out;
}

}  // namespace wav2vec
