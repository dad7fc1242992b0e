#pragma once
// What a media container holds: its tracks, and subtitles that are text.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace wav2vec {

enum class TrackKind { audio, subtitle };

struct MediaTrack {
  TrackKind kind = TrackKind::audio;
  int64_t stream = 0;    ///< among all streams of the container, from 0
  int64_t number = 1;    ///< among those of its kind, from 1
  std::string codec;     ///< "aac", "subrip", …
  std::string language;  ///< as tagged, "eng"; empty: not tagged
  std::string title;
  bool is_default = false;
};

/// Audio and subtitles of a container that ffmpeg reads; none for formats that hold one stream of audio and
/// nothing else (WAV, FLAC, Ogg, MP3 …). Throws AudioError: not readable, ffprobe is missing.
std::vector<MediaTrack> media_tracks(const std::filesystem::path& path);

/// Whether it is a container that may hold subtitles, by its first bytes; false for what cannot be read.
bool is_media_container(const std::filesystem::path& path);

/// `wanted`: a number of its kind, from 1, or a language ("en", "eng"); empty: the default track, else the
/// first. Throws ConfigError that lists the tracks when there is none of this kind or none so called.
const MediaTrack& choose_track(std::span<const MediaTrack> tracks, TrackKind kind, std::string_view wanted,
                               const std::filesystem::path& path);

/// The subtitles of a track as a file of SubRip, WebVTT or ASS, on the clock of AudioOptions::media_clock.
/// Throws AudioError for pictures (DVD, Blu-ray) and what cannot be read.
std::string read_subtitle_track(const std::filesystem::path& path, const MediaTrack& track);

}  // namespace wav2vec
