#pragma once
// Manifests from folders of audio files.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wav2vec/audio/audio_reader.h"
#include "wav2vec/data/lengths.h"
#include "wav2vec/data/manifest.h"

namespace wav2vec {

/// How a speaker is told from a path.
enum class SpeakerRule {
  none,
  parent,  ///< the name of the file's folder
  prefix,  ///< the file's name up to the first '-', as in LibriSpeech
};
inline constexpr std::string_view kSpeakerRuleNames[] = {"none", "parent", "prefix"};

/// Whether the name ends as those of audio files do (.wav, .flac, …).
bool is_audio_name(const std::filesystem::path& path);

struct FoundFiles {
  std::vector<std::filesystem::path> audio;  ///< sorted by path, bytewise
  int64_t ignored = 0;                       ///< files with another extension
  std::vector<std::string> failures;         ///< folders that cannot be read
};

/// Files with an audio extension below the folders (a file is taken as it is). Links are followed, every
/// folder is visited once; names that start with a dot are passed over.
FoundFiles find_audio_files(std::span<const std::filesystem::path> inputs);

struct BuiltManifest {
  Manifest manifest;
  std::vector<FailedInput> failures;  ///< index into the utterances looked at
};

/// One utterance per file that can be opened, with its length; probed on `jobs` threads.
BuiltManifest build_manifest(std::span<const std::filesystem::path> files, SpeakerRule speakers,
                             const AudioOptions& options, int64_t jobs);

/// Measures every length anew from the files and leaves out what cannot be read.
BuiltManifest measure_manifest(Manifest manifest, const AudioOptions& options, int64_t jobs);

}  // namespace wav2vec
