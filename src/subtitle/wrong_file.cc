#include "subtitle/wrong_file.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

#include "subtitle/text_lines.h"
#include "subtitle/xml_scanner.h"

namespace wav2vec {
namespace {

using namespace std::string_view_literals;

struct Magic {
  size_t at = 0;
  std::string_view bytes;
  std::string_view kind;
};

constexpr Magic kMagics[] = {{0, "\x1A\x45\xDF\xA3"sv, "a Matroska or WebM video"},
                             {4, "ftyp"sv, "an MP4 or QuickTime file"},
                             {0, "RIFF"sv, "a WAV, AVI or other RIFF file"},
                             {0, "OggS"sv, "an Ogg file"},
                             {0, "fLaC"sv, "a FLAC file"},
                             {0, "ID3"sv, "an MP3 file"},
                             {0, "FLV\x01"sv, "a Flash video"},
                             {0, "\x30\x26\xB2\x75\x8E\x66\xCF\x11"sv, "a Windows Media file"},
                             {0, "\0\0\x01\xBA"sv, "an MPEG video (or pictures of VobSub)"},
                             {0, "\0\0\x01\xB3"sv, "an MPEG video"},
                             {0, "\x89PNG"sv, "a picture"},
                             {0, "\xFF\xD8\xFF"sv, "a picture"},
                             {0, "GIF8"sv, "a picture"},
                             {0, "%PDF"sv, "a PDF document"},
                             {0, "PK\x03\x04"sv, "a ZIP archive; unpack it first"},
                             {0, "\x1F\x8B"sv, "a gzip archive; unpack it first"},
                             {0, "7z\xBC\xAF\x27\x1C"sv, "a 7-Zip archive; unpack it first"},
                             {0, "Rar!"sv, "a RAR archive; unpack it first"},
                             {0, "BZh"sv, "a bzip2 archive; unpack it first"},
                             {0, "\xFD\x37zXZ"sv, "an xz archive; unpack it first"},
                             {0, "\x7F\x45LF"sv, "a program"},
                             {0, "\xD0\xCF\x11\xE0"sv, "an old Microsoft Office document"},
                             {0, "{\\rtf"sv, "an RTF document; save it as plain text first"}};

bool is_transport_stream(std::string_view bytes) {
  constexpr size_t kPacket = 188;
  return bytes.size() > 2 * kPacket && bytes[0] == 'G' && bytes[kPacket] == 'G' && bytes[2 * kPacket] == 'G';
}

bool is_control(char c) {
  const auto code = static_cast<unsigned char>(c);
  return (code < 0x20 && !(code >= '\t' && code <= '\r') && code != 0x1A && code != 0x1B) || code == 0x7F;
}

}  // namespace

std::string media_kind(std::string_view bytes) {
  for (const Magic& magic : kMagics) {
    if (bytes.size() >= magic.at && bytes.substr(magic.at).starts_with(magic.bytes))
      return std::string(magic.kind);
  }
  if (is_transport_stream(bytes)) return "an MPEG transport stream";
  // Their mark looks like a byte order mark's beginning.
  if (bytes.size() > 4 && bytes[0] == '\xFF' && (bytes[1] == '\xFB' || bytes[1] == '\xF1'))
    return "an MP3 or AAC file";
  return "";
}

bool is_binary(std::string_view text) {
  const auto controls = static_cast<size_t>(std::count_if(text.begin(), text.end(), &is_control));
  const size_t nuls = static_cast<size_t>(std::count(text.begin(), text.end(), '\0'));
  return (controls - nuls) * 50 > text.size() || nuls * 2 > text.size();
}

std::string text_kind(std::string_view text) {
  const std::string_view begin = text.substr(skip_blanks(text, 0));
  const std::string small = lower_ascii(begin.substr(0, 256));
  if (is_binary(text)) return "binary data";
  const std::string root = small.starts_with('<') ? xml_root_name(begin) : "";
  if (small.starts_with("<!doctype html") || root == "html" || root == "head" || root == "body")
    return "an HTML page";
  if (root == "sami") return "a SAMI file, which is not read";
  if (small.starts_with("<?xml") || small.starts_with("<!doctype"))
    return root.empty() ? "XML without an element" : "XML of another kind";
  if (small.starts_with("# vobsub")) return "an index of VobSub pictures, which have no text";
  if (small.starts_with("scenarist_scc")) return "a Scenarist SCC file, which is not read";
  if (small.starts_with("[script info]")) return "an ASS file without events";
  if (small.starts_with("[ti:") || small.starts_with("[ar:") || small.starts_with("[00:"))
    return "LRC lyrics, which are not read";
  if (small.starts_with("[") && small.find("][") < 12) return "an MPL2 file, which is not read";
  if (small.starts_with("{\"") || small.starts_with("[{")) return "JSON";
  return "text without times";
}

}  // namespace wav2vec
