#include <fmt/format.h>
#include <sndfile.h>

#include <algorithm>

#include "audio/audio_stream.h"
#include "audio/header_claims.h"
#include "wav2vec/core/escape.h"

namespace wav2vec {
namespace {

std::string_view major_format_name(int format) {
  switch (format & SF_FORMAT_TYPEMASK) {
    case SF_FORMAT_WAV:
    case SF_FORMAT_WAVEX:
      return "WAV";
    case SF_FORMAT_RF64:
      return "RF64";
    case SF_FORMAT_W64:
      return "W64";
    case SF_FORMAT_FLAC:
      return "FLAC";
    case SF_FORMAT_OGG:
      return "Ogg";
    case SF_FORMAT_MPEG:
      return "MP3";
    case SF_FORMAT_AIFF:
      return "AIFF";
    case SF_FORMAT_NIST:
      return "NIST SPHERE";
    default:
      return "";  // libsndfile's rarer parsers are not exposed to other people's files
  }
}

class SndfileStream final : public AudioStream {
 public:
  SndfileStream(const std::filesystem::path& path, int descriptor) {
    SF_INFO header{};
    file_ = sf_open_fd(descriptor, SFM_READ, &header, SF_TRUE);
    if (file_ == nullptr) fail(path, sf_strerror(nullptr));
    try {
      fill_info(path, header, descriptor);
      check_stream_limits(path, info_);
    } catch (...) {
      sf_close(file_);
      throw;
    }
  }
  ~SndfileStream() override { sf_close(file_); }
  SndfileStream(const SndfileStream&) = delete;
  SndfileStream& operator=(const SndfileStream&) = delete;

  const AudioInfo& info() const override { return info_; }

  int64_t read(float* interleaved, int64_t frames) override {
    return std::max<int64_t>(sf_readf_float(file_, interleaved, frames), 0);
  }

  std::string complaint() const override {
    return sf_error(file_) == SF_ERR_NO_ERROR ? "" : sf_strerror(file_);
  }

  void skip_to(int64_t frame) override {
    if (frame <= 0) return;
    if (info_.frames >= 0) frame = std::min(frame, info_.frames);
    if (sf_seek(file_, frame, SF_SEEK_SET) == frame) return;
    sf_seek(file_, 0, SF_SEEK_SET);
    read_and_drop(frame);
  }

 private:
  [[noreturn]] static void fail(const std::filesystem::path& path, const std::string& reason) {
    throw AudioError(AudioFault::unreadable,
                     fmt::format("{}: cannot decode: {}; repair the file or leave it out",
                                 printable(path.string()), printable(reason)));
  }

  void fill_info(const std::filesystem::path& path, const SF_INFO& header, int descriptor) {
    const std::string_view name = major_format_name(header.format);
    if (name.empty()) fail(path, "a format that is not supported here (WAV and FLAC are)");
    info_.format = name;
    info_.sample_rate_hz = header.samplerate;
    info_.channels = header.channels;
    info_.frames = header.frames >= 0 && header.frames < SF_COUNT_MAX ? header.frames : -1;
    info_.claimed_frames = name == "WAV" || name == "RF64" ? claimed_wav_frames(descriptor)
                           : name == "AIFF"                ? claimed_aiff_frames(descriptor)
                           : name == "W64"                 ? claimed_w64_frames(descriptor)
                           : name == "NIST SPHERE"         ? claimed_nist_frames(descriptor)
                                                           : info_.frames;
    info_.missing_end = name == "Ogg" && lacks_ogg_end(descriptor);
  }

  SNDFILE* file_ = nullptr;
  AudioInfo info_;
};

}  // namespace

std::string decoder_description() { return sf_version_string(); }

std::unique_ptr<AudioStream> open_sndfile_stream(const std::filesystem::path& path, int descriptor) {
  return std::make_unique<SndfileStream>(path, descriptor);
}

}  // namespace wav2vec
