// Tracks of containers, and their clock.

#include "wav2vec/audio/media_tracks.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "support/temporary_folder.h"
#include "wav2vec/audio/audio_reader.h"
#include "wav2vec/audio/audio_writer.h"
#include "wav2vec/core/file.h"

using namespace wav2vec;

namespace {

bool has_ffmpeg() { return std::system("ffmpeg -version >/dev/null 2>&1") == 0; }

void in_folder(const TemporaryFolder& folder, const std::string& command) {
  REQUIRE(std::system(("cd '" + folder.path().string() + "' && " + command).c_str()) == 0);
}

std::vector<float> tone(int64_t samples, double hz) {
  std::vector<float> out;
  for (int64_t i = 0; i < samples; ++i)
    out.push_back(static_cast<float>(0.3 * std::sin(6.283185307 * hz * static_cast<double>(i) / 16000.0)));
  return out;
}

double power(std::span<const float> samples) {
  double sum = 0.0;
  for (const float x : samples) sum += static_cast<double>(x) * x;
  return sum / static_cast<double>(std::max<size_t>(samples.size(), 1));
}

constexpr const char* kSrt =
    "1\n00:00:00,500 --> 00:00:01,000\n<i>Hello</i>\n\n2\n00:00:01,200 --> 00:00:01,900\nWorld\n\n";

/// film.mkv: English and Czech audio, subtitles in English (SubRip), Czech (ASS, default).
void make_film(const TemporaryFolder& folder) {
  write_audio(folder.path() / "en.wav", tone(32000, 440.0), 16000);
  write_audio(folder.path() / "cs.wav", std::vector<float>(32000, 0.0F), 16000);
  write_file(folder.path() / "s.srt", kSrt);
  in_folder(folder,
            "ffmpeg -v error -i en.wav -i cs.wav -i s.srt -map 0:a -map 1:a -map 2:s -map 2:s -c:a flac "
            "-c:s:0 srt -c:s:1 ass -metadata:s:a:0 language=eng -metadata:s:a:1 language=cze "
            "-metadata:s:s:0 language=eng -metadata:s:s:1 language=cze -disposition:s:1 default film.mkv");
}

}  // namespace

TEST_CASE("media tracks: what a container holds, and which is meant") {
  if (!has_ffmpeg()) return;
  const TemporaryFolder folder;
  make_film(folder);
  const auto film = folder.path() / "film.mkv";
  CHECK(is_media_container(film));
  CHECK_FALSE(is_media_container(folder.path() / "en.wav"));
  CHECK_FALSE(is_media_container(folder.path() / "s.srt"));
  CHECK(media_tracks(folder.path() / "en.wav").empty());
  const std::vector<MediaTrack> tracks = media_tracks(film);
  REQUIRE(tracks.size() == 4);
  CHECK(choose_track(tracks, TrackKind::audio, "", film).number == 1);
  CHECK(choose_track(tracks, TrackKind::audio, "2", film).language == "cze");
  CHECK(choose_track(tracks, TrackKind::audio, "cs", film).number == 2);
  CHECK(choose_track(tracks, TrackKind::subtitle, "", film).number == 2);  // the default one
  CHECK(choose_track(tracks, TrackKind::subtitle, "en", film).codec == "subrip");
  CHECK_THROWS_WITH_AS(choose_track(tracks, TrackKind::audio, "fr", film),
                       doctest::Contains("1 flac eng, 2 flac cze"), ConfigError);
  CHECK_THROWS_AS(choose_track(tracks, TrackKind::subtitle, "3", film), ConfigError);
  CHECK_THROWS_AS(media_tracks(folder.path() / "s.srt"), AudioError);
}

TEST_CASE("media tracks: subtitles come out as text, and the audio that was chosen") {
  if (!has_ffmpeg()) return;
  const TemporaryFolder folder;
  make_film(folder);
  const auto film = folder.path() / "film.mkv";
  const std::vector<MediaTrack> tracks = media_tracks(film);
  const std::string srt = read_subtitle_track(film, choose_track(tracks, TrackKind::subtitle, "1", film));
  CHECK(srt.find("00:00:01,200 --> 00:00:01,900") != std::string::npos);
  CHECK(srt.find("<i>Hello</i>") != std::string::npos);
  const std::string ass = read_subtitle_track(film, choose_track(tracks, TrackKind::subtitle, "2", film));
  CHECK(ass.find("[Events]") != std::string::npos);
  CHECK_THROWS_WITH_AS(
      read_subtitle_track(
          film, {.kind = TrackKind::subtitle, .codec = "hdmv_pgs_subtitle", .language = {}, .title = {}}),
      doctest::Contains("hdmv_pgs_subtitle"), AudioError);
  const auto audio = [&](const char* wanted) {
    return read_audio(film, {.stream = choose_track(tracks, TrackKind::audio, wanted, film).stream}).samples;
  };
  CHECK(power(audio("eng")) > 0.01);
  CHECK(power(audio("cze")) == 0.0);
}

TEST_CASE("media clock: audio that starts later than its container is read with the silence before it") {
  if (!has_ffmpeg()) return;
  const TemporaryFolder folder;
  write_audio(folder.path() / "x.wav", tone(16000, 440.0), 16000);
  // A picture from 0 on, and the sound 0.75 s later.
  in_folder(folder,
            "ffmpeg -v error -f lavfi -i color=s=16x16:d=2 -itsoffset 0.75 -i x.wav -c:a aac -ar 48000 "
            "-c:v mpeg4 x.mkv");
  const auto path = folder.path() / "x.mkv";
  const auto first_sound = [&](bool media_clock) {
    const std::vector<float> samples = read_audio(path, {.media_clock = media_clock}).samples;
    const auto at = std::ranges::find_if(samples, [](float x) { return std::abs(x) > 0.1F; });
    return static_cast<double>(at - samples.begin()) / 16000.0;
  };
  CHECK(first_sound(false) < 0.1);
  CHECK(first_sound(true) == doctest::Approx(0.75).epsilon(0.03));
}

TEST_CASE("media clock: what an edit list leaves out is not heard, and what is behind it comes earlier") {
  if (!has_ffmpeg()) return;
  const TemporaryFolder folder;
  std::vector<float> samples(48000, 0.0F);
  const std::vector<float> sound = tone(24000, 440.0);
  std::ranges::copy(sound, samples.begin() + 24000);
  write_audio(folder.path() / "x.wav", samples, 16000);
  // The sound begins 1.5 s behind the beginning; cut without decoding, the packets before the cut stay in the
  // file, and an edit list says that they are not shown.
  in_folder(folder,
            "ffmpeg -v error -i x.wav -f lavfi -i color=s=16x16:d=3 -c:a aac -ar 48000 -c:v mpeg4 -shortest "
            "whole.mp4");
  in_folder(folder, "ffmpeg -v error -ss 1 -i whole.mp4 -c copy cut.mp4");
  const std::string bytes = read_file(folder.path() / "cut.mp4", 1 << 24);
  REQUIRE(bytes.find("elst") != std::string::npos);
  const std::vector<float> heard = read_audio(folder.path() / "cut.mp4", {.media_clock = true}).samples;
  const auto at = std::ranges::find_if(heard, [](float x) { return std::abs(x) > 0.1F; });
  CHECK(static_cast<double>(at - heard.begin()) / 16000.0 == doctest::Approx(0.5).epsilon(0.06));
}
