#include "wav2vec/audio/audio_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "audio/audio_stream.h"
#include "audio/mono_mixer.h"
#include "wav2vec/audio/resampler.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/log.h"
#include "wav2vec/core/say_once.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kBlockFrames = 65536;

[[noreturn]] void fail(const fs::path& path, AudioFault fault, const std::string& reason) {
  throw AudioError(fault, fmt::format("{}: {}", printable(path.string()), reason));
}

struct FrameRange {
  int64_t start = 0;
  int64_t count = INT64_MAX;  ///< INT64_MAX: to the end

  int64_t end() const { return count == INT64_MAX ? INT64_MAX : start + count; }
};

FrameRange frame_range(double start_seconds, double duration_seconds, int64_t rate_hz) {
  const auto rate = static_cast<double>(rate_hz);
  FrameRange range;
  range.start = std::llround(start_seconds * rate);
  if (duration_seconds >= 0.0) range.count = std::llround(duration_seconds * rate);
  return range;
}

// The source frames that a range of output samples depends on: 50 ms more at either side than the resampler's
// filter reaches, from a place that falls on both sample grids. So a part equals the same part of the whole.
FrameRange source_range(const FrameRange& target, int64_t from_hz, int64_t to_hz) {
  if (from_hz == to_hz) return target;
  const int64_t divisor = std::gcd(from_hz, to_hz);
  const int64_t source_step = from_hz / divisor;
  const int64_t target_step = to_hz / divisor;
  const int64_t margin = to_hz / 20;
  FrameRange source;
  source.start = std::max<int64_t>(target.start - margin, 0) / target_step * source_step;
  if (target.count != INT64_MAX)
    source.count = resampled_length(target.end() + margin, to_hz, from_hz) - source.start;
  return source;
}

void check_times(const fs::path& path, double start_seconds, double duration_seconds) {
  constexpr double kMax = 1e7;  // four months: keeps every product within 64 bits
  if (!(start_seconds >= 0.0 && start_seconds <= kMax && duration_seconds <= kMax))
    fail(path, AudioFault::unreadable,
         fmt::format("cannot read {} s from {} s on", duration_seconds, start_seconds));
}

void check_rate(const fs::path& path, const AudioInfo& info, const AudioOptions& options) {
  if (info.sample_rate_hz == options.sample_rate_hz) return;
  if (options.strict_rate)
    fail(path, AudioFault::wrong_rate,
         fmt::format(
             "{} Hz, but {} Hz is asked for and resampling is off; convert the file or turn strict_rate "
             "off",
             info.sample_rate_hz, options.sample_rate_hz));
  if (options.announce && first_time(fmt::format("rate {} {}", info.sample_rate_hz, options.sample_rate_hz)))
    log_info(fmt::format("resampling {} Hz to {} Hz with {}, first for {} (said once)", info.sample_rate_hz,
                         options.sample_rate_hz, resampler_description(), printable(path.string())));
}

void decode_range(const fs::path& path, AudioStream& stream, int64_t count, MonoMixer& mixer,
                  const SampleSink& sink) {
  const AudioInfo& info = stream.info();
  const int64_t max_frames = kMaxSeconds * info.sample_rate_hz;
  std::vector<float> block(static_cast<size_t>(kBlockFrames * info.channels));
  std::vector<float> mono(kBlockFrames);
  while (mixer.frames() < count) {
    const int64_t got = stream.read(block.data(), std::min(kBlockFrames, count - mixer.frames()));
    if (got == 0) break;
    mixer.mix_block(block.data(), got, mono.data());
    if (mixer.frames() > max_frames)
      fail(path, AudioFault::unreadable, "longer than 48 hours; cut it into parts");
    // Behind the first bad value the rest is only counted, for the message.
    if (mixer.bad_count() == 0) sink(std::span(mono).first(static_cast<size_t>(got)));
  }
}

/// Passes on a part of the samples that come.
class PartOf {
 public:
  PartOf(int64_t first, int64_t count, const SampleSink& sink) : skip_(first), left_(count), sink_(sink) {}

  void operator()(std::span<const float> samples) {
    const int64_t dropped = std::min(skip_, std::ssize(samples));
    skip_ -= dropped;
    const int64_t kept = std::min(left_, std::ssize(samples) - dropped);
    if (kept == 0) return;
    left_ -= kept;
    passed_ += kept;
    sink_(samples.subspan(static_cast<size_t>(dropped), static_cast<size_t>(kept)));
  }

  int64_t passed() const { return passed_; }

 private:
  int64_t skip_;
  int64_t left_;
  int64_t passed_ = 0;
  const SampleSink& sink_;
};

int64_t count_missing(const AudioInfo& info, const FrameRange& range, int64_t decoded) {
  if (info.claimed_frames < 0) return 0;
  const int64_t expected = std::min(range.count, std::max<int64_t>(info.claimed_frames - range.start, 0));
  return std::max<int64_t>(expected - decoded, 0);
}

std::string damage_of(const Waveform& wave, const AudioStream& stream, bool at_end) {
  if (wave.missing_frames > 0)
    return fmt::format("cut off: {} of {} frames are there", wave.source_frames,
                       wave.source_frames + wave.missing_frames);
  if (!at_end) return "";
  if (wave.missing_end)
    return fmt::format("cut off: no end-of-stream page after {} frames", wave.source_frames);
  // Its formats claim no length; libsndfile's errors behind the last frame say less than the claims above.
  const std::string complaint = stream.info().via_ffmpeg ? stream.complaint() : "";
  return complaint.empty()
             ? ""
             : fmt::format("damaged: {} frames; ffmpeg says \"{}\"", wave.source_frames, complaint);
}

void announce_damage(const fs::path& path, const Waveform& wave) {
  if (wave.damage.empty() || !first_time("damage " + path.string())) return;
  log_warning(fmt::format("{}: {}; using what is there", printable(path.string()), wave.damage));
}

void check_values(const fs::path& path, const MonoMixer& mixer, const FrameRange& range) {
  if (mixer.bad_count() == 0) return;
  fail(path, AudioFault::non_finite,
       fmt::format(
           "{} samples are NaN, infinite or beyond 1e6, the first at {}; repair the file or leave it out",
           mixer.bad_count(), range.start + mixer.first_bad()));
}

[[noreturn]] void fail_empty(const fs::path& path, const AudioStream& stream, const FrameRange& range) {
  const std::string complaint = stream.complaint();
  const std::string place =
      range.start == 0 ? "0 samples" : fmt::format("0 samples from frame {} on", range.start);
  fail(path, AudioFault::empty,
       fmt::format("{}{}; leave it out", place,
                   complaint.empty() ? "" : fmt::format(" ({})", printable(complaint))));
}

}  // namespace

AudioOptions audio_options(const DataConfig& config) {
  AudioOptions options;
  options.sample_rate_hz = config.sample_rate;
  options.strict_rate = config.strict_rate;
  options.channels = config.channels;
  return options;
}

AudioInfo probe_audio(const fs::path& path) { return open_audio_stream(path)->info(); }

Waveform decode_audio(const fs::path& path, const AudioOptions& options, double start_seconds,
                      double duration_seconds, const SampleSink& sink) {
  check_times(path, start_seconds, duration_seconds);
  const auto stream = open_audio_stream(path, {options.stream, options.media_clock});
  const AudioInfo& info = stream->info();
  check_rate(path, info, options);

  const FrameRange target = frame_range(start_seconds, duration_seconds, options.sample_rate_hz);
  const FrameRange source = source_range(target, info.sample_rate_hz, options.sample_rate_hz);
  stream->skip_to(source.start);
  MonoMixer mixer(info.channels, options.channels);
  StreamResampler resampler(info.sample_rate_hz, options.sample_rate_hz);
  PartOf part(target.start - resampled_length(source.start, info.sample_rate_hz, options.sample_rate_hz),
              target.count, sink);
  const SampleSink deliver = std::ref(part);
  decode_range(path, *stream, source.count, mixer,
               [&](std::span<const float> mono) { resampler.push(mono, deliver); });
  if (mixer.frames() == 0) fail_empty(path, *stream, source);
  check_values(path, mixer, source);

  Waveform wave;
  wave.sample_rate_hz = options.sample_rate_hz;
  wave.source_rate_hz = info.sample_rate_hz;
  wave.source_channels = info.channels;
  wave.source_frames = mixer.frames();
  wave.missing_frames = count_missing(info, source, wave.source_frames);
  if (info.claimed_frames >= 0 && source.start == 0 && source.count == INT64_MAX)
    wave.surplus_frames = std::max<int64_t>(wave.source_frames - info.claimed_frames, 0);
  wave.missing_end = info.missing_end;
  wave.mix_loss_db = mixer.loss_db();
  wave.damage = damage_of(wave, *stream, mixer.frames() < source.count);
  if (options.announce) announce_damage(path, wave);
  resampler.finish(deliver);
  if (part.passed() == 0) fail_empty(path, *stream, source);
  return wave;
}

Waveform read_audio(const fs::path& path, const AudioOptions& options, double start_seconds,
                    double duration_seconds) {
  std::vector<float> samples;
  Waveform wave = decode_audio(
      path, options, start_seconds, duration_seconds,
      [&](std::span<const float> piece) { samples.insert(samples.end(), piece.begin(), piece.end()); });
  wave.samples = std::move(samples);
  return wave;
}

}  // namespace wav2vec
