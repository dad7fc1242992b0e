#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <vector>

#include "audio/audio_stream.h"
#include "wav2vec/core/child_process.h"
#include "wav2vec/core/escape.h"

namespace wav2vec {
namespace {

constexpr int kStallSeconds = 60;
constexpr uint32_t kMaxHeaderChunkBytes = 1 << 20;

// The input is given as "file:" and an absolute path, so that no name is read as an option, a protocol or a
// pattern; one demuxer is allowed, so that no playlist inside a media file is followed. The output is a WAV
// stream, which tells rate and channels.
std::vector<std::string> ffmpeg_arguments(const std::filesystem::path& path, std::string_view demuxer,
                                          const StreamChoice& choice) {
  std::vector<std::string> argv = {"ffmpeg",
                                   "-nostdin",
                                   "-hide_banner",
                                   "-loglevel",
                                   "error",
                                   "-threads",
                                   "1",
                                   "-protocol_whitelist",
                                   "file,pipe",
                                   "-f",
                                   std::string(demuxer)};
  const std::string stream = choice.stream < 0 ? "0:a:0" : fmt::format("0:{}", choice.stream);
  argv.insert(argv.end(), {"-i", "file:" + std::filesystem::absolute(path).string(), "-map", stream});
  // Only the start is moved: small gaps between packets are rounding.
  if (choice.media_clock) argv.insert(argv.end(), {"-af", "aresample=async=1:first_pts=0"});
  argv.insert(argv.end(), {"-vn", "-sn", "-dn", "-t", std::to_string(kMaxSeconds + 1), "-bitexact",
                           "-threads", "1", "-c:a", "pcm_f32le", "-f", "wav", "pipe:1"});
  return argv;
}

class FfmpegStream final : public AudioStream {
 public:
  FfmpegStream(const std::filesystem::path& path, std::string_view demuxer, const StreamChoice& choice)
      : name_(printable(path.string())), child_(ffmpeg_arguments(path, demuxer, choice)) {
    if (child_.error() == ENOENT)
      fail("needs ffmpeg to be decoded; install Debian's package ffmpeg or convert it to WAV or FLAC");
    if (child_.error() != 0) fail(fmt::format("cannot start ffmpeg: {}", std::strerror(child_.error())));
    info_.format = fmt::format("{} (ffmpeg)", demuxer);
    info_.via_ffmpeg = true;
    read_wav_header();
    check_stream_limits(path, info_);
  }

  const AudioInfo& info() const override { return info_; }

  int64_t read(float* interleaved, int64_t frames) override {
    const size_t frame_bytes = sizeof(float) * static_cast<size_t>(info_.channels);
    const size_t bytes = child_.read(interleaved, static_cast<size_t>(frames) * frame_bytes, kStallSeconds);
    if (child_.stalled()) fail(fmt::format("ffmpeg gave nothing for {} s and was stopped", kStallSeconds));
    return static_cast<int64_t>(bytes / frame_bytes);
  }

  // ffmpeg's own seeking lands some hundred samples beside the place in MP4 and Matroska.
  void skip_to(int64_t frame) override { read_and_drop(frame); }

  std::string complaint() const override { return first_message(); }

 private:
  [[noreturn]] void fail(const std::string& reason) const {
    throw AudioError(AudioFault::unreadable, fmt::format("{}: {}", name_, reason));
  }

  std::string first_message() const {
    const std::string& all = child_.messages();
    std::string_view line = std::string_view(all).substr(0, all.find('\n'));
    // "[mov @ 0x55d354cd6bc0] moov atom not found": who complains is another address in every run.
    if (const size_t end = line.find("] "); line.starts_with('[') && end != line.npos)
      line.remove_prefix(end + 2);
    return printable(line);
  }

  void read_header_bytes(void* into, size_t bytes) {
    if (child_.read(into, bytes, kStallSeconds) == bytes) return;
    if (child_.stalled()) fail(fmt::format("ffmpeg gave nothing for {} s and was stopped", kStallSeconds));
    const std::string message = first_message();
    fail(message.find("matches no streams") != std::string::npos
             ? "no audio in this file; leave it out"
             : fmt::format("ffmpeg cannot decode it: {}; repair the file or leave it out",
                           message.empty() ? "no output" : message));
  }

  void read_wav_header() {
    char riff[12];
    read_header_bytes(riff, sizeof riff);
    while (true) {
      struct {
        char id[4];
        uint32_t bytes;
      } chunk;
      read_header_bytes(&chunk, sizeof chunk);
      const std::string_view id(chunk.id, 4);
      if (id == "data") break;
      if (chunk.bytes > kMaxHeaderChunkBytes) fail("ffmpeg's output is not understood");
      std::vector<char> content(chunk.bytes + (chunk.bytes & 1U));
      read_header_bytes(content.data(), content.size());
      if (id == "fmt " && content.size() >= 16) {
        uint16_t channels = 0;
        uint32_t rate = 0;
        std::memcpy(&channels, content.data() + 2, sizeof channels);
        std::memcpy(&rate, content.data() + 4, sizeof rate);
        info_.channels = channels;
        info_.sample_rate_hz = rate;
      }
    }
  }

  std::string name_;
  ChildProcess child_;
  AudioInfo info_;
};

}  // namespace

std::unique_ptr<AudioStream> open_ffmpeg_stream(const std::filesystem::path& path, std::string_view demuxer,
                                                const StreamChoice& choice) {
  return std::make_unique<FfmpegStream>(path, demuxer, choice);
}

}  // namespace wav2vec
