#include "wav2vec/extract/shared_statistics.h"

#include <fmt/format.h>

#include "wav2vec/core/hash.h"

namespace wav2vec {

bool needs_shared_statistics(const CmvnConfig& config) {
  return config.cmvn == CmvnKind::speaker || config.cmvn == CmvnKind::global;
}

std::string statistics_key(CmvnKind kind, const Utterance& utterance) {
  if (kind == CmvnKind::global) return "";
  return utterance.speaker.empty() ? utterance.id : utterance.speaker;
}

std::string statistics_hash(const SharedStatistics& statistics) {
  uint32_t crc = 0;
  const auto add = [&crc](const void* data, size_t bytes) { crc = crc32c(data, bytes, crc); };
  for (const auto& [key, values] : statistics) {
    add(key.data(), key.size() + 1);
    add(&values.frames, sizeof values.frames);
    add(values.sums.data(), values.sums.size() * sizeof(double));
    add(values.squares.data(), values.squares.size() * sizeof(double));
  }
  return fmt::format("crc32c:{:08x}", crc);
}

}  // namespace wav2vec
