#pragma once
// One open audio file that gives its frames one block after the other.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "audio/container.h"
#include "wav2vec/audio/audio_reader.h"

namespace wav2vec {

/// libsndfile or an ffmpeg process behind it.
class AudioStream {
 public:
  virtual ~AudioStream() = default;

  /// The whole file, whatever the start.
  virtual const AudioInfo& info() const = 0;
  /// Up to `frames` interleaved frames; 0 at the end.
  virtual int64_t read(float* interleaved, int64_t frames) = 0;
  /// Once, before the first read: the next frame read is this one (or the end).
  virtual void skip_to(int64_t frame) = 0;
  /// Why nothing came out, for the message about an empty file; empty when there is nothing to say.
  virtual std::string complaint() const = 0;

 protected:
  void read_and_drop(int64_t frames);
};

/// Which audio of a container, and from when on (AudioOptions).
struct StreamChoice {
  int64_t stream = -1;
  bool media_clock = false;
};

/// What kind of file it is, by its first bytes. Throws AudioError.
Container container_of(const std::filesystem::path& path);

/// Opens the file at its first frame. Its rate and channels are within the documented
/// limits. Throws AudioError (unreadable).
std::unique_ptr<AudioStream> open_audio_stream(const std::filesystem::path& path,
                                               const StreamChoice& choice = {});

/// Decoder by libsndfile of an open regular file; owns the descriptor. Throws AudioError.
std::unique_ptr<AudioStream> open_sndfile_stream(const std::filesystem::path& path, int descriptor);

/// Decoder by an ffmpeg process that may use the named demuxer only. Throws AudioError, also when ffmpeg is
/// not installed.
std::unique_ptr<AudioStream> open_ffmpeg_stream(const std::filesystem::path& path, std::string_view demuxer,
                                                const StreamChoice& choice);

/// Throws AudioError (unreadable) for channels or rates outside the documented limits.
void check_stream_limits(const std::filesystem::path& path, const AudioInfo& info);

inline constexpr int64_t kMaxSeconds = 48 * 3600;

}  // namespace wav2vec
