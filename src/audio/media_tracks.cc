#include "wav2vec/audio/media_tracks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "audio/audio_stream.h"
#include "wav2vec/core/child_process.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/language_code.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

constexpr int kStallSeconds = 60;
constexpr size_t kMostBytes = size_t{256} << 20;

[[noreturn]] void fail(const fs::path& path, const std::string& reason) {
  throw AudioError(AudioFault::unreadable, fmt::format("{}: {}", printable(path.string()), reason));
}

std::string input_of(const fs::path& path) { return "file:" + fs::absolute(path).string(); }

/// All that a child writes. `what`: for messages.
std::string output_of(const fs::path& path, const std::vector<std::string>& argv) {
  ChildProcess child(argv);
  if (child.error() == ENOENT) fail(path, fmt::format("needs {}; install Debian's package ffmpeg", argv[0]));
  if (child.error() != 0)
    fail(path, fmt::format("cannot start {}: {}", argv[0], std::strerror(child.error())));
  std::string output;
  std::vector<char> piece(size_t{1} << 16);
  while (const size_t got = child.read(piece.data(), piece.size(), kStallSeconds)) {
    output.append(piece.data(), got);
    if (output.size() > kMostBytes)
      fail(path, fmt::format("more than {} bytes from {}", kMostBytes, argv[0]));
  }
  if (child.stalled())
    fail(path, fmt::format("{} gave nothing for {} s and was stopped", argv[0], kStallSeconds));
  if (output.empty()) {
    const std::string& messages = child.messages();
    fail(path,
         fmt::format("{} finds nothing in it: {}", argv[0],
                     messages.empty() ? "no output" : printable(messages.substr(0, messages.find('\n')))));
  }
  return output;
}

std::vector<std::string> safe_input(std::string program, const fs::path& path, std::string_view demuxer) {
  std::vector<std::string> argv{std::move(program), "-hide_banner", "-loglevel", "error"};
  argv.insert(argv.end(),
              {"-protocol_whitelist", "file,pipe", "-f", std::string(demuxer), "-i", input_of(path)});
  return argv;
}

std::string text_of(const nlohmann::json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

std::string listed(std::span<const MediaTrack> tracks, TrackKind kind) {
  std::string list;
  for (const MediaTrack& track : tracks) {
    if (track.kind != kind) continue;
    if (!list.empty()) list += ", ";
    list += fmt::format("{} {}", track.number, printable(track.codec));
    if (!track.language.empty()) list += " " + printable(track.language);
    if (!track.title.empty()) list += fmt::format(" \"{}\"", printable(track.title));
  }
  return list;
}

std::string_view name_of(TrackKind kind) { return kind == TrackKind::audio ? "audio" : "subtitle"; }

struct TextCodec {
  std::string_view codec;
  const char* encoder;
  const char* format;
};
constexpr TextCodec kTextCodecs[] = {
    {"subrip", "copy", "srt"},    {"srt", "copy", "srt"}, {"mov_text", "srt", "srt"}, {"text", "srt", "srt"},
    {"webvtt", "copy", "webvtt"}, {"ass", "copy", "ass"}, {"ssa", "copy", "ass"},
};

}  // namespace

bool is_media_container(const fs::path& path) {
  try {
    return !container_of(path).sndfile;
  } catch (const AudioError&) {
    return false;
  }
}

std::vector<MediaTrack> media_tracks(const fs::path& path) {
  const Container container = container_of(path);
  if (container.sndfile) return {};
  std::vector<std::string> argv = safe_input("ffprobe", path, container.demuxer);
  argv.insert(argv.end(), {"-show_streams", "-of", "json"});
  const nlohmann::json told = nlohmann::json::parse(output_of(path, argv), nullptr, false);
  const auto streams = told.is_object() ? told.find("streams") : told.end();
  if (!told.is_object() || streams == told.end() || !streams->is_array())
    fail(path, "what ffprobe says of it is not understood");
  std::vector<MediaTrack> tracks;
  int64_t counts[2] = {};
  for (const nlohmann::json& stream : *streams) {
    if (!stream.is_object() || !stream.contains("index") || !stream["index"].is_number_integer()) continue;
    const std::string type = text_of(stream, "codec_type");
    if (type != "audio" && type != "subtitle") continue;
    MediaTrack track{.kind = type == "audio" ? TrackKind::audio : TrackKind::subtitle,
                     .stream = stream["index"].get<int64_t>(),
                     .codec = text_of(stream, "codec_name"),
                     .language = {},
                     .title = {}};
    track.number = ++counts[static_cast<size_t>(track.kind)];
    if (const auto tags = stream.find("tags"); tags != stream.end() && tags->is_object()) {
      track.language = text_of(*tags, "language");
      track.title = text_of(*tags, "title");
      if (track.language == "und") track.language.clear();
    }
    if (const auto disposition = stream.find("disposition");
        disposition != stream.end() && disposition->is_object())
      track.is_default = disposition->value("default", nlohmann::json(0)) == 1;
    tracks.push_back(std::move(track));
  }
  return tracks;
}

const MediaTrack& choose_track(std::span<const MediaTrack> tracks, TrackKind kind, std::string_view wanted,
                               const fs::path& path) {
  const MediaTrack* chosen = nullptr;
  for (const MediaTrack& track : tracks) {
    if (track.kind != kind) continue;
    const bool fits = wanted.empty() ? chosen == nullptr || (track.is_default && !chosen->is_default)
                                     : chosen == nullptr && (std::to_string(track.number) == wanted ||
                                                             same_language(track.language, wanted));
    if (fits) chosen = &track;
  }
  if (chosen != nullptr) return *chosen;
  const std::string list = listed(tracks, kind);
  throw ConfigError(fmt::format("{}: no {} track{}; it has {}", printable(path.string()), name_of(kind),
                                wanted.empty() ? std::string() : fmt::format(" \"{}\"", printable(wanted)),
                                list.empty() ? "none" : list));
}

std::string read_subtitle_track(const fs::path& path, const MediaTrack& track) {
  const auto* const codec = std::ranges::find(kTextCodecs, std::string_view(track.codec), &TextCodec::codec);
  if (codec == std::end(kTextCodecs)) {
    fail(path, fmt::format("subtitle track {} is {}, which is no text that can be read; give a subtitle file",
                           track.number, track.codec.empty() ? "unknown" : printable(track.codec)));
  }
  std::vector<std::string> argv = safe_input("ffmpeg", path, container_of(path).demuxer);
  argv.insert(argv.begin() + 1, "-nostdin");
  argv.insert(argv.end(), {"-map", fmt::format("0:{}", track.stream), "-c:s", codec->encoder, "-f",
                           codec->format, "pipe:1"});
  return output_of(path, argv);
}

}  // namespace wav2vec
