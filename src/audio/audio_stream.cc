#include "audio/audio_stream.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <vector>

#include "wav2vec/core/escape.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMaxChannels = 64;

[[noreturn]] void fail(const fs::path& path, const std::string& reason) {
  throw AudioError(AudioFault::unreadable, fmt::format("{}: {}", printable(path.string()), reason));
}

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }
  int release() { return std::exchange(value_, -1); }

 private:
  int value_;
};

// Not blocking, so that a fifo is refused instead of waited for.
int open_regular_file(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0)
    fail(path, fmt::format("cannot open: {}; correct the path or leave it out", std::strerror(errno)));
  struct stat status {};
  const bool regular = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  if (!regular || status.st_size == 0) ::close(descriptor);
  if (!regular) fail(path, "not a regular file; leave it out");
  if (status.st_size == 0)
    throw AudioError(AudioFault::empty,
                     fmt::format("{}: empty file (0 bytes); leave it out", printable(path.string())));
  return descriptor;
}

std::string lower_extension(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

Container identify(const fs::path& path, int descriptor) {
  std::array<unsigned char, kContainerHeadBytes> buffer{};
  const ssize_t n = ::pread(descriptor, buffer.data(), buffer.size(), 0);
  if (n < 0) fail(path, fmt::format("cannot read: {}", std::strerror(errno)));
  const std::span<const unsigned char> head(buffer.data(), static_cast<size_t>(n));
  // NIST SPHERE has a text header of 1024 bytes.
  const auto container = identify_container(head, lower_extension(path));
  const bool text_header = container && container->demuxer == "nistsphere";
  if (!text_header && looks_like_text(head, container))
    fail(path, "a text file, not audio; remove it from the list");
  if (!container) fail(path, "not a known audio format; convert it to WAV or FLAC (ffmpeg -i FILE FILE.wav)");
  return *container;
}

}  // namespace

void AudioStream::read_and_drop(int64_t frames) {
  constexpr int64_t kBlockFrames = 4096;
  std::vector<float> block(static_cast<size_t>(kBlockFrames * info().channels));
  while (frames > 0) {
    const int64_t got = read(block.data(), std::min(frames, kBlockFrames));
    if (got == 0) return;
    frames -= got;
  }
}

void check_stream_limits(const fs::path& path, const AudioInfo& info) {
  if (info.channels < 1 || info.channels > kMaxChannels)
    fail(path, fmt::format("{} channels, 1 to {} are accepted; convert the file or leave it out",
                           info.channels, kMaxChannels));
  if (info.sample_rate_hz < kMinSampleRateHz || info.sample_rate_hz > kMaxSampleRateHz)
    fail(path,
         fmt::format("a sample rate of {} Hz, {} to {} Hz are accepted; convert the file or leave it out",
                     info.sample_rate_hz, kMinSampleRateHz, kMaxSampleRateHz));
}

Container container_of(const fs::path& path) {
  const Descriptor descriptor(open_regular_file(path));
  return identify(path, descriptor.get());
}

std::unique_ptr<AudioStream> open_audio_stream(const fs::path& path, const StreamChoice& choice) {
  Descriptor descriptor(open_regular_file(path));
  const Container container = identify(path, descriptor.get());
  if (!container.sndfile) return open_ffmpeg_stream(path, container.demuxer, choice);
  if (choice.stream > 0)
    fail(path, fmt::format("one stream, and number {} is asked for; leave the choice out", choice.stream));
  try {
    return open_sndfile_stream(path, descriptor.release());
  } catch (const AudioError& error) {
    // A known container with a codec that only ffmpeg has (Speex in Ogg, MP3 in WAV).
    if (container.demuxer.empty()) throw;
    try {
      return open_ffmpeg_stream(path, container.demuxer, choice);
    } catch (const AudioError&) {
      throw error;
    }
  }
}

}  // namespace wav2vec
