#pragma once
// What all manifest readers share: default ids, repeated lines, equal ids.

#include <string>
#include <unordered_map>

#include "wav2vec/core/text_lines.h"
#include "wav2vec/data/manifest.h"

namespace wav2vec {

class ManifestCollector {
 public:
  /// Takes an utterance read from the current line of `lines`. Leaves it out if the same part of the same
  /// file came before under the same id; fails for an id that another utterance has.
  void add(Utterance utterance, const TextLines& lines);

  /// Warns of left-out lines. Throws DataError when there is no utterance.
  Manifest finish(const std::string& manifest_name);

 private:
  struct Line {
    int64_t number = 0;
    std::string part;  // of which file
  };

  Manifest manifest_;
  std::unordered_map<std::string, Line> line_of_id_;
  int64_t repeated_ = 0;
  int64_t first_repeated_line_ = 0;
};

/// Kaldi data folder.
Manifest read_kaldi_folder(const std::filesystem::path& folder, const std::filesystem::path& root);

/// One file like a data folder's wav.scp, with what the tables beside it say; no segments.
Manifest read_kaldi_list(const std::filesystem::path& wav_scp, const std::filesystem::path& root);

}  // namespace wav2vec
