#pragma once
// Lists of utterances, read from and written to the formats that speech projects use.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace wav2vec {

/// The rate in which a manifest counts samples, as fairseq's manifests for wav2vec do.
inline constexpr int64_t kManifestRateHz = 16000;

/// An audio file or a part of one.
struct Utterance {
  std::string id;  ///< unique within a manifest; the path as written (plus times) where none is given
  std::filesystem::path audio;  ///< ready to open
  double start_seconds = 0.0;
  double duration_seconds = -1.0;  ///< negative: to the end of the file
  /// Length of this utterance in samples at kManifestRateHz; -1 unknown. Where the manifest gives seconds it
  /// is rounded from them, so it may be some samples off the decoded length.
  int64_t samples = -1;
  std::string text;
  std::string speaker;
  std::string split;

  bool is_segment() const { return start_seconds > 0.0 || duration_seconds >= 0.0; }
  bool operator==(const Utterance&) const = default;
};

/// What stands behind the path in the id of a segment that has none of its own: ":12.500+4.200"; empty for a
/// whole file.
std::string segment_suffix(const Utterance& utterance);

struct Manifest {
  std::vector<Utterance> utterances;

  int64_t known_samples() const;  ///< sum of the known lengths
  double known_seconds() const;   ///< the same in seconds
  double hours() const;           ///< and in hours
};

/// Reads one of
///  - fairseq TSV: the root folder in line 1, then `relative/path<TAB>samples`;
///  - TSV with a header line that names its columns: path (relative to the manifest's folder) and any of
///    seconds, samples, start, duration, id, speaker, split, text; others are ignored;
///  - JSONL: one object per line with "audio" (relative to the manifest's folder) and any of "start",
///    "duration", "samples", "id", "text", "speaker", "split". Without "start" it is the whole file and
///    "duration" its length;
///  - a Kaldi data folder: wav.scp and any of segments, utt2spk, text, utt2dur, reco2dur. Relative paths are
///    taken from the current folder as Kaldi does, or from the data folder if they are there. Commands
///    (entries that end in '|') are never run but refused;
///  - a single list like Kaldi's wav.scp (a name ending in .scp), read the same way, without segments.
/// Windows line ends, a byte order mark and a missing final newline are accepted; lines that repeat an
/// earlier one are left out with a warning. A non-empty `root` replaces the folder that relative paths start
/// from. Audio files are not opened. Throws DataError "file:line: …" for anything else, for two utterances of
/// one id and for a manifest without utterances.
Manifest read_manifest(const std::filesystem::path& path, const std::filesystem::path& root = {});

/// Several manifests one after the other.
Manifest read_manifests(std::span<const std::string> paths);

/// Which keys or lines a manifest has been written with.
enum class ManifestFormat { fairseq_tsv, jsonl };

/// By extension: .jsonl or .json is JSONL, everything else fairseq TSV.
ManifestFormat manifest_format_of(const std::filesystem::path& path);

/// The deepest folder that holds all audio files, absolute.
std::filesystem::path common_folder(const Manifest& manifest);

/// fairseq TSV; the root is common_folder(). Throws DataError when the format cannot
/// say it: a segment, an unknown length, a path with a TAB or a line break.
void write_manifest_tsv(const std::filesystem::path& path, const Manifest& manifest);

/// JSONL with absolute paths. Throws DataError for a name that is not UTF-8.
void write_manifest_jsonl(const std::filesystem::path& path, const Manifest& manifest);

/// Throws ConfigError for a path that is named like audio: an audio file would be lost.
void write_manifest(const std::filesystem::path& path, const Manifest& manifest, ManifestFormat format);

/// Takes out the utterances whose names the format cannot hold; returns one message for each.
std::vector<std::string> leave_out_bad_names(Manifest& manifest, ManifestFormat format);

}  // namespace wav2vec
