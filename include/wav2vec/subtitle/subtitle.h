#pragma once
// Subtitle files, read leniently and without loss: every cue is kept in the file's order, whatever is odd is
// said in a warning with a code (docs/subtitles.md lists them), and every time knows where it stands, so that
// retime.h can change it and leave all other bytes alone.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wav2vec/subtitle/text_encoding.h"
#include "wav2vec/text/traced_text.h"

namespace wav2vec {

enum class SubtitleFormat { srt, vtt, ass, ttml, sbv, microdvd };
/// "srt" and so on.
std::string_view name_of(SubtitleFormat format);
/// Throws ConfigError for any other name.
SubtitleFormat subtitle_format_of(std::string_view name);

/// Where a time stands in Subtitle::decoded.text. An empty place: the file does not say it.
struct TimeField {
  ByteRange place = {};
  double origin_seconds = 0.0;     ///< what the field counts from (the begin of the TTML element around it)
  bool counts_from_start = false;  ///< TTML's dur: counts from the cue's start
};

struct Cue {
  size_t order = 0;  ///< in the file, from 0
  int64_t line = 0;  ///< of the times, from 1
  std::string id;    ///< as written; empty: none
  double start_seconds = 0.0;
  double end_seconds = 0.0;
  std::string text;  ///< UTF-8 with its marks, '\n' between lines
  std::string speaker;
  std::string style;
  TimeField start_field = {};
  TimeField end_field = {};
  std::vector<TimeField> stamps = {};  ///< WebVTT's times inside the text
};

struct SubtitleWarning {
  std::string_view code;      ///< never changes its meaning
  int64_t line = 0;           ///< 0: the whole file
  std::optional<size_t> cue;  ///< its order
  std::string message;        ///< safe to print
};

struct Subtitle {
  SubtitleFormat format = SubtitleFormat::srt;
  std::string bytes;  ///< the file
  DecodedText decoded;
  std::vector<Cue> cues;
  std::vector<SubtitleWarning> warnings;  ///< by line

  // What frames and ticks are worth; 0 where the format has none.
  double frames_per_second = 0.0;
  double ticks_per_second = 0.0;
  bool counts_frames =
      false;  ///< TTML in SMPTE time: hh:mm:ss:ff numbers frames, also where a second has 29.97
  bool drops_frames = false;  ///< … and leaves out numbers to keep up with the clock
  /// WebVTT's X-TIMESTAMP-MAP: what has to be added to every time; for the caller to apply.
  std::optional<double> timestamp_map_seconds = {};
};

struct SubtitleOptions {
  std::string name;      ///< for messages; its ending tells the format where the content does not
  std::string encoding;  ///< empty: find out
  std::optional<SubtitleFormat> format = {};
  double frames_per_second = 0.0;  ///< of MicroDVD. 0: what the file says, else 24000/1001 and a warning
  bool strict = false;             ///< the first warning is a DataError
};

/// Throws DataError for what is no subtitle file, ConfigError for an unknown encoding.
Subtitle parse_subtitle(std::string bytes, const SubtitleOptions& options = {});

/// Of at most 256 MiB. `options.name` becomes the path.
Subtitle read_subtitle(const std::filesystem::path& path, const SubtitleOptions& options = {});

}  // namespace wav2vec
