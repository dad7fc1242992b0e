#pragma once
// Mono waveforms to audio files (libsndfile).

#include <cstdint>
#include <filesystem>
#include <span>

namespace wav2vec {

/// 16 bit, FLAC for a name that ends in .flac and WAV for any other; samples beyond ±1 are clipped. Written
/// whole or not at all. Throws DiskError.
void write_audio(const std::filesystem::path& path, std::span<const float> samples, int64_t sample_rate_hz);

}  // namespace wav2vec
