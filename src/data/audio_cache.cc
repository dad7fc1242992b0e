#include "data/audio_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>

#include "wav2vec/audio/resampler.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/hash.h"
#include "wav2vec/core/log.h"
#include "wav2vec/core/say_once.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

// Bounds what a crop of a long recording costs, in decoding and in memory.
constexpr int64_t kPieceSeconds = 32;
constexpr float kFullScale = 32768.0F;
constexpr int64_t kMarkEveryNs = 3600 * int64_t{1'000'000'000};

std::vector<int16_t> rounded(const std::vector<float>& samples) {
  std::vector<int16_t> out(samples.size());
  std::transform(samples.begin(), samples.end(), out.begin(), [](float x) {
    return static_cast<int16_t>(std::lrint(std::clamp(x * kFullScale, -kFullScale, kFullScale - 1.0F)));
  });
  return out;
}

void append(std::vector<float>& out, const int16_t* samples, int64_t count) {
  const auto before = out.size();
  out.resize(before + static_cast<size_t>(count));
  std::transform(samples, samples + count, out.begin() + static_cast<std::ptrdiff_t>(before),
                 [](int16_t x) { return static_cast<float>(x) * (1.0F / kFullScale); });
}

/// Everything but the file that decides about the samples of a piece.
std::string describe(const AudioOptions& options) {
  return fmt::format("16-bit pieces of {} s; {} Hz, strict {}, channels {}; {}, {}; named ", kPieceSeconds,
                     options.sample_rate_hz, options.strict_rate,
                     kChannelPolicyNames[static_cast<size_t>(options.channels)], resampler_description(),
                     decoder_description());
}

int64_t now_ns() { return static_cast<int64_t>(std::time(nullptr)) * 1'000'000'000; }

}  // namespace

// In a folder of its own: whatever else is in the one that the user names is not counted and never removed.
AudioCache::AudioCache(const fs::path& folder, uint64_t max_bytes, const AudioOptions& options)
    : folder_(folder / "wav2vec-audio"),
      options_(options),
      settings_(describe(options)),
      room_(folder_, max_bytes) {}

std::vector<float> AudioCache::read(const fs::path& path, double start_seconds, double duration_seconds) {
  constexpr double kMaxSeconds = 1e7;
  if (!(start_seconds >= 0.0 && start_seconds <= kMaxSeconds && duration_seconds <= kMaxSeconds))
    return read_audio(path, options_, start_seconds, duration_seconds).samples;  // throws

  const auto rate = static_cast<double>(options_.sample_rate_hz);
  const int64_t piece_samples = kPieceSeconds * options_.sample_rate_hz;
  const int64_t begin = std::llround(start_seconds * rate);
  const int64_t end = duration_seconds < 0.0 ? INT64_MAX : begin + std::llround(duration_seconds * rate);
  // The name's ending has a say in how a file is decoded.
  const Source source{path, contents_.of(path), fnv1a64(settings_ + path.extension().string())};
  std::vector<float> out;
  for (int64_t at = begin; at < end;) {
    const int64_t piece = at / piece_samples;
    std::vector<int16_t> samples;
    try {
      samples = read_piece(source, piece);
    } catch (const AudioError& error) {
      if (error.fault() != AudioFault::empty || out.empty()) throw;
      break;  // the file ends with the piece before
    }
    const int64_t first = at - piece * piece_samples;
    const int64_t last = std::min(std::ssize(samples), end - piece * piece_samples);
    if (first < last) append(out, samples.data() + first, last - first);
    if (std::ssize(samples) < piece_samples) break;
    at = (piece + 1) * piece_samples;
  }
  if (out.empty())
    throw AudioError(AudioFault::empty, fmt::format("{}: 0 samples from sample {} on; leave it out",
                                                    printable(path.string()), begin));
  return out;
}

std::vector<int16_t> AudioCache::read_piece(const Source& source, int64_t piece) {
  if (!source.content) return decode_piece(source, piece);
  const CacheKey key{*source.content, source.settings, static_cast<uint64_t>(piece)};
  const auto piece_samples = static_cast<size_t>(kPieceSeconds * options_.sample_rate_hz);
  const int64_t mark_before_ns = std::max(room_.opened_ns(), now_ns() - kMarkEveryNs);
  if (auto samples = read_cache_entry(folder_ / cache_entry_name(key), key, piece_samples, mark_before_ns))
    return *std::move(samples);
  std::vector<int16_t> samples = decode_piece(source, piece);
  // Written to while it was decoded: nobody knows which content these samples are of.
  if (takes_more_ && contents_.of(source.path) == source.content) keep(key, samples);
  return samples;
}

std::vector<int16_t> AudioCache::decode_piece(const Source& source, int64_t piece) const {
  return rounded(read_audio(source.path, options_, static_cast<double>(piece * kPieceSeconds),
                            static_cast<double>(kPieceSeconds))
                     .samples);
}

void AudioCache::keep(const CacheKey& key, const std::vector<int16_t>& samples) {
  const uint64_t bytes = cache_entry_bytes(samples.size());
  if (!room_.take(bytes)) return;
  // The second time is for a folder that is being deleted right now.
  for (const bool is_last : {false, true}) {
    try {
      write_cache_entry(folder_ / cache_entry_name(key), key, samples);
      return;
    } catch (const DiskError& error) {
      if (!is_last) continue;
      room_.give_back(bytes);
      takes_more_ = false;
      if (first_time("cache " + folder_.string()))
        log_warning(fmt::format("going on without writing to the audio cache: {}", error.what()));
    }
  }
}

}  // namespace wav2vec
