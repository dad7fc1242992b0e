#pragma once
// Audio files to mono float waveforms. WAV (also RF64 and W64), FLAC, Ogg Vorbis and Opus, MP3, AIFF and NIST
// SPHERE are decoded by libsndfile; MP4, Matroska, AAC, G.722 and other media by an ffmpeg process. The kind
// of file is told by its first bytes; a playlist or any other text is never handed to a decoder.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "wav2vec/audio/resampler.h"
#include "wav2vec/config/data_config.h"
#include "wav2vec/core/error.h"

namespace wav2vec {

enum class AudioFault { unreadable, empty, non_finite, wrong_rate };

/// Why one audio file cannot be used; the message names the file.
class AudioError : public DataError {
 public:
  AudioError(AudioFault fault, const std::string& message) : DataError(message), fault_(fault) {}
  AudioFault fault() const { return fault_; }

 private:
  AudioFault fault_;
};

/// What the header says. One frame = one sample of every channel, at the file's own rate.
struct AudioInfo {
  int64_t sample_rate_hz = 0;
  int64_t channels = 0;
  int64_t frames = -1;          ///< as far as header and file size tell; -1 when only decoding can tell
  int64_t claimed_frames = -1;  ///< the header's own claim; -1 when it makes none (written into a pipe)
  bool missing_end = false;     ///< an Ogg file without its end-of-stream page: cut off
  std::string format;           ///< "WAV", "Ogg", …
  bool via_ffmpeg = false;
};

/// Reads the header only. Throws AudioError like read_audio.
AudioInfo probe_audio(const std::filesystem::path& path);

struct AudioOptions {
  int64_t sample_rate_hz = 16000;
  bool strict_rate = false;  ///< refuse other rates instead of resampling
  ChannelPolicy channels = ChannelPolicy::mean;
  bool announce = true;  ///< log a cut-off file and a resampled rate, once each
  int64_t stream = -1;   ///< of a container, as media_tracks.h numbers them; −1: its first audio
  /// Samples begin at time 0 of the container, with silence where the audio starts later, and what an edit
  /// list cuts is cut: the times of subtitles then fit.
  bool media_clock = false;
};

AudioOptions audio_options(const DataConfig& config);

struct Waveform {
  std::vector<float> samples;  ///< mono at sample_rate_hz; integer formats in [-1, 1)
  int64_t sample_rate_hz = 0;
  int64_t source_rate_hz = 0;
  int64_t source_channels = 0;
  int64_t source_frames = 0;   ///< decoded, at the source rate
  int64_t missing_frames = 0;  ///< claimed by the header within the range asked for, but not in the file
  int64_t surplus_frames = 0;  ///< decoded beyond the header's claim (whole-file reads only)
  bool missing_end = false;    ///< as in AudioInfo
  /// "cut off: 3 of 5 frames are there" or what ffmpeg complained of; empty: nothing is known to be missing.
  std::string damage = {};
  /// How much power the mean of the channels lost against the channels themselves, in dB: about 0 for equal
  /// channels, 3 for independent ones, large when they cancel. 0 for one channel or another policy.
  double mix_loss_db = 0.0;
};

/// Decodes the part that starts `start_seconds` into the file and lasts `duration_seconds` (negative: to the
/// end); shorter where the file ends earlier. Where the format allows, the file is seeked and not decoded
/// from its beginning. The part is resampled on its own. Whatever a header claims, memory follows what is
/// decoded. Throws AudioError: not a regular file, not audio, more than 64 channels, a rate outside 1..768
/// kHz, longer than 48 h (unreadable); no sample at all (empty); NaN, infinity or a magnitude above 1e6
/// (non_finite, with the first place and the count); another rate under strict_rate (wrong_rate).
Waveform read_audio(const std::filesystem::path& path, const AudioOptions& options = {},
                    double start_seconds = 0.0, double duration_seconds = -1.0);

/// read_audio() in pieces, for what should not stand in memory: the samples, the same to the bit, go to
/// `sink` one piece after the other; what is returned has all facts and no samples. Throws like read_audio,
/// perhaps after the sink has got samples: the piece with the first bad value and all behind it are held
/// back.
Waveform decode_audio(const std::filesystem::path& path, const AudioOptions& options, double start_seconds,
                      double duration_seconds, const SampleSink& sink);

/// Library and version that decode most formats: "libsndfile-1.2.0".
std::string decoder_description();

}  // namespace wav2vec
