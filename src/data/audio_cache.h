#pragma once
// Decoded audio on disk, for the epochs and runs to come.

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data/cache_entry.h"
#include "data/cache_room.h"
#include "data/content_id.h"
#include "wav2vec/audio/audio_reader.h"

namespace wav2vec {

/// Reads parts of audio files through a folder of 16-bit samples.
///
/// A file is decoded in pieces of 32 s, each by itself, and rounded to 16 bits: by at most 1/65536, more only
/// beyond full scale, where it is clipped. What read() returns is always such rounded pieces, whether the
/// folder had them, took them or refused them: the state of the folder is never seen in the samples.
///
/// An entry belongs to a content and to all that decides how it is decoded, so it cannot be out of date; only
/// a new ffmpeg goes unnoticed. Entries that are not whole are decoded anew and replaced. Processes may share
/// the folder, and it may be deleted at any time. When it cannot be written (said once), what is in it is
/// still read. Thread-safe; no lock is held while decoding, so two threads may now and then do the same
/// piece.
class AudioCache {
 public:
  /// Touches nothing yet.
  AudioCache(const std::filesystem::path& folder, uint64_t max_bytes, const AudioOptions& options);

  /// The samples of read_audio() of the same part, rounded. Throws what it throws.
  std::vector<float> read(const std::filesystem::path& path, double start_seconds, double duration_seconds);

 private:
  struct Source {
    std::filesystem::path path;
    std::optional<ContentId> content;
    uint64_t settings = 0;
  };

  std::vector<int16_t> read_piece(const Source& source, int64_t piece);
  std::vector<int16_t> decode_piece(const Source& source, int64_t piece) const;
  void keep(const CacheKey& key, const std::vector<int16_t>& samples);

  std::filesystem::path folder_;
  AudioOptions options_;
  std::string settings_;
  ContentIds contents_;
  CacheRoom room_;
  std::atomic<bool> takes_more_ = true;
};

}  // namespace wav2vec
