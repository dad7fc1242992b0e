#pragma once
// What a user names on the command line, as utterances: audio files, folders, manifests.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "wav2vec/data/manifest.h"

namespace wav2vec {

struct CollectedInputs {
  Manifest manifest;
  std::vector<std::string> failures;  ///< inputs that cannot be read as what they are
};

/// - a folder: every audio file below it, id = path relative to the folder without the extension;
/// - a Kaldi data folder, or a file named .tsv, .jsonl, .json or .scp: the manifest's utterances;
/// - anything else: one audio file, id = its name without the extension.
/// Audio is not opened. Ids of manifests that are paths lose their root and extension, so that an id can name
/// an output file.
CollectedInputs collect_inputs(std::span<const std::string> inputs);

}  // namespace wav2vec
