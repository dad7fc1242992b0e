#pragma once
// Archives of Kaldi whose utterances may stand in any order.

#include <filesystem>
#include <map>
#include <string>

#include "support/audio_files.h"
#include "wav2vec/io/ark.h"

namespace wav2vec::test {

/// The bytes of every utterance's matrix.
inline std::map<std::string, std::string> ark_matrices(const std::filesystem::path& ark) {
  const std::string bytes = read_bytes(ark);
  const ArkEntries found = read_ark_entries(ark);
  std::map<std::string, std::string> out;
  for (size_t i = 0; i < found.entries.size(); ++i) {
    const uint64_t end = i + 1 < found.entries.size()
                             ? found.entries[i + 1].offset - found.entries[i + 1].key.size() - 1
                             : found.bytes;
    out[found.entries[i].key] = bytes.substr(found.entries[i].offset, end - found.entries[i].offset);
  }
  return out;
}

}  // namespace wav2vec::test
