#pragma once
// Time-aligned transcripts: when each word or phone of an utterance was said.

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace wav2vec {

struct TimedLabel {
  double start_seconds = 0.0;
  double duration_seconds = 0.0;
  std::string label;
  double posterior = -1.0;  ///< of the aligner; negative: not given

  double end_seconds() const { return start_seconds + duration_seconds; }
  bool operator==(const TimedLabel&) const = default;
};

/// The labels of every utterance in the order of their start times, by the name the file gives it.
struct Alignment {
  std::map<std::string, std::vector<TimedLabel>, std::less<>> utterances;

  /// The utterance of this name, or the only one that differs by an extension (".wav") on either side; null
  /// if there is none.
  const std::vector<TimedLabel>* find(std::string_view utterance) const;
};

/// Reads a CTM (NIST; Kaldi's and the Montreal aligner's variants): lines `utterance channel start duration
/// label [posterior …]`, in seconds, with any blanks between; lines that begin with ";;" are comments. Throws
/// DataError "file:line: …" for other lines, times below 0 or beyond 1e7 s, a second channel of one utterance
/// and a file without labels.
Alignment read_ctm(const std::filesystem::path& path);

}  // namespace wav2vec
