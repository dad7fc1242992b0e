#include "audio/container.h"

#include <algorithm>

namespace wav2vec {
namespace {

using Head = std::string_view;

bool has(Head head, size_t at, std::string_view magic) {
  return head.substr(std::min(at, head.size())).starts_with(magic);
}

unsigned byte_at(Head head, size_t at) {
  return at < head.size() ? static_cast<unsigned char>(head[at]) : 0U;
}

// MPEG audio frames start with 11 set bits; layer 0 in that place is AAC's ADTS header.
bool has_mpeg_sync(Head head) { return byte_at(head, 0) == 0xFF && (byte_at(head, 1) & 0xE0U) == 0xE0U; }
bool has_adts_sync(Head head) { return byte_at(head, 0) == 0xFF && (byte_at(head, 1) & 0xF6U) == 0xF0U; }

bool has_transport_stream_sync(Head head) {
  return byte_at(head, 0) == 0x47 && byte_at(head, 188) == 0x47 && byte_at(head, 376) == 0x47;
}

std::optional<Container> identify_sndfile_format(Head head) {
  using namespace std::string_view_literals;
  if (has(head, 0, "RIFF") && has(head, 8, "WAVE")) return Container{"WAV", true, "wav"};
  if (has(head, 0, "RIFX") && has(head, 8, "WAVE")) return Container{"WAV", true, ""};
  if (has(head, 0, "RF64") && has(head, 8, "WAVE")) return Container{"RF64", true, "wav"};
  if (has(head, 0, "riff\x2e\x91\xcf\x11"sv)) return Container{"W64", true, "w64"};
  if (has(head, 0, "fLaC")) return Container{"FLAC", true, "flac"};
  if (has(head, 0, "OggS")) return Container{"Ogg", true, "ogg"};
  if (has(head, 0, "FORM") && (has(head, 8, "AIFF") || has(head, 8, "AIFC")))
    return Container{"AIFF", true, "aiff"};
  if (has(head, 0, "NIST_1A")) return Container{"NIST SPHERE", true, "nistsphere"};
  if (has(head, 0, "ID3")) return Container{"MP3", true, "mp3"};
  if (has_adts_sync(head)) return std::nullopt;
  if (has_mpeg_sync(head)) return Container{"MP3", true, "mp3"};
  return std::nullopt;
}

std::optional<Container> identify_ffmpeg_format(Head head) {
  using namespace std::string_view_literals;
  for (std::string_view box : {"ftyp", "moov", "mdat", "free", "skip", "wide"}) {
    if (has(head, 4, box)) return Container{"MP4", false, "mov"};
  }
  if (has(head, 0, "\x1a\x45\xdf\xa3"sv)) return Container{"Matroska", false, "matroska"};
  if (has(head, 0, "RIFF") && has(head, 8, "AVI ")) return Container{"AVI", false, "avi"};
  if (has(head, 0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11"sv)) return Container{"ASF", false, "asf"};
  if (has(head, 0, "#!AMR")) return Container{"AMR", false, "amr"};
  if (has(head, 0, "caff")) return Container{"CAF", false, "caf"};
  if (has(head, 0, "FLV\x01"sv)) return Container{"FLV", false, "flv"};
  if (has(head, 0, "wvpk")) return Container{"WavPack", false, "wv"};
  if (has(head, 0, ".snd")) return Container{"AU", false, "au"};
  if (has(head, 0, "\x0b\x77"sv)) return Container{"AC-3", false, "ac3"};
  if (has(head, 0, "\x00\x00\x01\xba"sv)) return Container{"MPEG-PS", false, "mpeg"};
  if (has_transport_stream_sync(head)) return Container{"MPEG-TS", false, "mpegts"};
  if (has_adts_sync(head)) return Container{"AAC", false, "aac"};
  return std::nullopt;
}

}  // namespace

std::optional<Container> identify_container(std::span<const unsigned char> bytes,
                                            std::string_view extension) {
  const Head head(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  // G.722 has no header at all: any byte may start it, so its name decides before chance matches do.
  if (extension == ".g722") return Container{"G.722", false, "g722"};
  if (auto found = identify_sndfile_format(head)) return found;
  if (auto found = identify_ffmpeg_format(head)) return found;
  if (extension == ".mp3") return Container{"MP3", false, "mp3"};
  return std::nullopt;
}

bool looks_like_text(std::span<const unsigned char> head, const std::optional<Container>& container) {
  // Speech in G.722 has few control bytes and may have none in its head, but never only ASCII.
  const bool headerless = container && container->demuxer == "g722";
  const auto is_text_byte = [headerless](unsigned char c) {
    if (headerless && c >= 0x80) return false;
    return (c >= 0x20 && c != 0x7F) || c == '\t' || c == '\n' || c == '\r' || c == '\f';
  };
  return std::all_of(head.begin(), head.end(), is_text_byte);
}

}  // namespace wav2vec
