#pragma once
// One file of the audio cache: a header of 56 bytes and 16-bit samples, both with a CRC-32C, little-endian.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/content_id.h"

namespace wav2vec {

/// Everything that the samples of an entry follow from.
struct CacheKey {
  ContentId content;      ///< of the audio file
  uint64_t settings = 0;  ///< hash of how it is decoded
  uint64_t piece = 0;     ///< which part of it

  bool operator==(const CacheKey&) const = default;
};

inline constexpr std::string_view kCacheEntryEnding = ".pcm16";

/// "<2 digits>/<content>-<settings>-<piece>.pcm16"; the first two digits are those of the content.
std::filesystem::path cache_entry_name(const CacheKey& key);

uint64_t cache_entry_bytes(size_t samples);

/// The samples, or nothing when there is no file or it is not whole, not this key's or has more than
/// `max_samples`. Marks the file as used now unless it was marked at `mark_before_ns` (since 1970) or later.
std::optional<std::vector<int16_t>> read_cache_entry(const std::filesystem::path& path, const CacheKey& key,
                                                     size_t max_samples, int64_t mark_before_ns);

/// Whole or not at all, replacing what was there. Throws DiskError.
void write_cache_entry(const std::filesystem::path& path, const CacheKey& key,
                       std::span<const int16_t> samples);

}  // namespace wav2vec
