#include "wav2vec/subtitle/subtitle.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "subtitle/format_parsers.h"
#include "subtitle/wrong_file.h"
#include "subtitle/xml_scanner.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"

namespace wav2vec {
namespace {

constexpr uint64_t kMaxBytes = uint64_t{256} << 20;
constexpr std::string_view kNames[] = {"srt", "vtt", "ass", "ttml", "sbv", "microdvd"};

std::optional<SubtitleFormat> format_of_ending(const std::string& name) {
  constexpr std::pair<std::string_view, SubtitleFormat> kEndings[] = {
      {"srt", SubtitleFormat::srt},   {"vtt", SubtitleFormat::vtt},  {"webvtt", SubtitleFormat::vtt},
      {"ass", SubtitleFormat::ass},   {"ssa", SubtitleFormat::ass},  {"ttml", SubtitleFormat::ttml},
      {"dfxp", SubtitleFormat::ttml}, {"itt", SubtitleFormat::ttml}, {"xml", SubtitleFormat::ttml},
      {"sbv", SubtitleFormat::sbv}};
  const size_t dot = name.rfind('.');
  if (dot == std::string::npos) return std::nullopt;
  const std::string ending = lower_ascii(std::string_view(name).substr(dot + 1));
  for (const auto& [known, format] : kEndings) {
    if (ending == known) return format;
  }
  return std::nullopt;
}

bool begins_with(std::string_view line, std::string_view small) {
  return lower_ascii(line.substr(0, std::min(small.size(), line.size()))) == small;
}

/// By the first line that only one format has.
std::optional<SubtitleFormat> format_of_content(std::string_view text, std::optional<SubtitleFormat> ending) {
  const size_t first = skip_blanks(text, 0);
  if (first == text.size()) return std::nullopt;
  const std::string_view begin = text.substr(first);
  if (begins_with(begin, "webvtt")) return SubtitleFormat::vtt;
  if (begin[0] == '<') {
    const std::string root = xml_root_name(begin);
    if (root == "tt") return SubtitleFormat::ttml;
    if (begins_with(begin, "<?xml") || begins_with(begin, "<!doctype") || root == "html" || root == "sami")
      return std::nullopt;
  }
  LineWalk walk(text);
  for (SubtitleLine line; walk.next(line);) {
    const std::string_view written = trimmed(line.of(text));
    if (written.empty()) continue;
    if (begins_with(written, "[script info]") || begins_with(written, "[events]") ||
        begins_with(written, "[v4") || begins_with(written, "dialogue:"))
      return SubtitleFormat::ass;
    if (timing_line(text, line) || looks_like_timing(written))
      return ending == SubtitleFormat::vtt ? SubtitleFormat::vtt : SubtitleFormat::srt;
    if (frame_fields(text, line)) return SubtitleFormat::microdvd;
    if (comma_times(text, line)) return SubtitleFormat::sbv;
  }
  return std::nullopt;
}

std::string_view expected(SubtitleFormat format) {
  switch (format) {
    case SubtitleFormat::srt:
      return "SubRip subtitles with lines like 00:00:01,000 --> 00:00:02,000";
    case SubtitleFormat::vtt:
      return "WebVTT subtitles";
    case SubtitleFormat::ass:
      return "ASS subtitles with Dialogue lines";
    case SubtitleFormat::ttml:
      return "a TTML document (<tt>)";
    case SubtitleFormat::sbv:
      return "SBV subtitles with lines like 0:00:01.000,0:00:02.000";
    case SubtitleFormat::microdvd:
      return "MicroDVD subtitles with lines like {24}{48}text";
  }
  throw InternalError("a subtitle format without a description");
}

constexpr std::string_view kExpectedAny = "subtitles (SRT, WebVTT, ASS, TTML, SBV or MicroDVD)";

[[noreturn]] void refuse(const SubtitleOptions& options, std::string_view wanted, std::string_view found) {
  throw DataError(fmt::format("{}: expected {}, found {}", printable(options.name), wanted, found));
}

void parse_as(Subtitle& subtitle, double frames_per_second) {
  switch (subtitle.format) {
    case SubtitleFormat::srt:
      return parse_srt(subtitle);
    case SubtitleFormat::vtt:
      return parse_vtt(subtitle);
    case SubtitleFormat::ass:
      return parse_ass(subtitle);
    case SubtitleFormat::ttml:
      return parse_ttml(subtitle);
    case SubtitleFormat::sbv:
      return parse_sbv(subtitle);
    case SubtitleFormat::microdvd:
      return parse_microdvd(subtitle, frames_per_second);
  }
}

/// Whether a file without a cue is of the format nevertheless: a header, or nothing at all.
bool may_be_empty(const Subtitle& subtitle) {
  const std::string_view text = subtitle.decoded.text;
  const std::string_view begin = text.substr(skip_blanks(text, 0));
  switch (subtitle.format) {
    case SubtitleFormat::vtt:
      return begin.empty() || begins_with(begin, "webvtt");
    case SubtitleFormat::ass:
      return begin.empty() || lower_ascii(begin).find("[script info]") != std::string::npos ||
             lower_ascii(begin).find("[events]") != std::string::npos;
    case SubtitleFormat::ttml:
      return begin.empty() || xml_root_name(begin) == "tt";
    default:
      return begin.empty();
  }
}

// ---- warnings that all formats have in common ---------------------------------------------------------

int64_t line_of(std::string_view text, size_t at) {
  LineWalk walk(text);
  SubtitleLine line;
  while (walk.next(line) && line.next <= at) {
  }
  return line.number;
}

void warn_of_text(Subtitle& subtitle) {
  const DecodedText& decoded = subtitle.decoded;
  if (decoded.is_guess)
    warn(subtitle, "guessed_encoding", 0,
         fmt::format("the encoding is guessed to be {}; name it to be sure", decoded.encoding));
  if (decoded.has_double_bom)
    warn(subtitle, "double_bom", 1, "a second byte order mark, or one that was encoded twice, is skipped");
  if (decoded.replaced > 0)
    warn(subtitle, "invalid_bytes", line_of(decoded.text, decoded.first_replaced),
         fmt::format("{} places are no {}; the first is in this line", decoded.replaced, decoded.encoding));
  if (const size_t nul = decoded.text.find('\0'); nul != std::string::npos)
    warn(subtitle, "nul_character", line_of(decoded.text, nul), "a NUL character; the first is in this line");
}

void warn_of_times(Subtitle& subtitle) {
  double latest_start = 0.0;
  for (const Cue& cue : subtitle.cues) {
    const auto say = [&](std::string_view code, std::string message) {
      warn(subtitle, code, cue.line, std::move(message), cue.order);
    };
    if (cue.start_seconds < 0.0 || cue.end_seconds < 0.0) say("negative_time", "a time before 0");
    if (cue.end_seconds < cue.start_seconds) {
      say("end_before_start",
          fmt::format("the cue ends {:.3f} s before it starts", cue.start_seconds - cue.end_seconds));
    } else if (cue.end_seconds == cue.start_seconds) {
      say("no_duration", "the cue ends when it starts");
    }
    if (cue.order > 0 && cue.start_seconds < latest_start)
      say("out_of_order", "the cue starts before one that stands above it");
    latest_start = cue.order == 0 ? cue.start_seconds : std::max(latest_start, cue.start_seconds);
  }
}

void sort_warnings(Subtitle& subtitle) {
  std::stable_sort(subtitle.warnings.begin(), subtitle.warnings.end(),
                   [](const SubtitleWarning& a, const SubtitleWarning& b) { return a.line < b.line; });
}

}  // namespace

// ---- what the parsers share ---------------------------------------------------------------------------

std::string excerpt(std::string_view written) {
  constexpr size_t kShown = 60;
  if (written.size() <= kShown) return printable(written);
  size_t end = kShown;
  while (end > 0 && (static_cast<unsigned char>(written[end]) & 0xC0) == 0x80) --end;
  return fmt::format("{}…", printable(written.substr(0, end)));
}

void warn(Subtitle& subtitle, std::string_view code, int64_t line, std::string message,
          std::optional<size_t> cue) {
  subtitle.warnings.push_back({.code = code, .line = line, .cue = cue, .message = std::move(message)});
}

Cue& add_cue(Subtitle& subtitle, int64_t line) {
  Cue& cue = subtitle.cues.emplace_back();
  cue.order = subtitle.cues.size() - 1;
  cue.line = line;
  return cue;
}

void set_unreadable_times(Subtitle& subtitle, Cue& cue, std::optional<double> start_seconds,
                          std::optional<double> end_seconds, std::string_view written) {
  const double before = cue.order > 0 ? subtitle.cues[cue.order - 1].end_seconds : 0.0;
  cue.start_seconds = start_seconds ? *start_seconds : end_seconds ? std::min(before, *end_seconds) : before;
  cue.end_seconds = end_seconds ? *end_seconds : cue.start_seconds;
  warn(subtitle, "unreadable_time", cue.line, fmt::format("expected two times, found '{}'", excerpt(written)),
       cue.order);
}

void warn_of_clock(Subtitle& subtitle, const ClockField& field, const ClockHabits& habits, int64_t line,
                   size_t cue) {
  const auto say = [&](std::string_view code, std::string message) {
    // Both times of a cue are mostly written alike.
    for (auto last = subtitle.warnings.rbegin(); last != subtitle.warnings.rend() && last->cue == cue;
         ++last) {
      if (last->code == code) return;
    }
    warn(subtitle, code, line, std::move(message), cue);
  };
  const auto digits = [&](std::string_view written) { return written.size() / (field.wide_digits ? 3 : 1); };
  const std::string_view text = subtitle.decoded.text;
  const std::string written = excerpt(text.substr(field.place.begin, field.place.end - field.place.begin));
  if (field.hours.empty() && habits.needs_hours)
    say("missing_hours", fmt::format("expected hours, found '{}'", written));
  if (field.fraction.empty()) {
    say("missing_fraction", fmt::format("expected a fraction of a second, found '{}'", written));
  } else if (field.carries) {
    say("fraction_digits", fmt::format("'{}': 1000 ms are taken for a whole second", written));
  } else if (habits.fraction_digits > 0 && digits(field.fraction) != habits.fraction_digits) {
    say("fraction_digits", fmt::format("expected {} digits of a fraction, found '{}', taken for {:.6g} s",
                                       habits.fraction_digits, written, field.seconds));
  }
  if (!field.fraction.empty() && !habits.decimal_mark.empty() && field.decimal_mark != habits.decimal_mark)
    say("decimal_mark",
        fmt::format("expected '{}' before the fraction, found '{}'", habits.decimal_mark, written));
  if (digits(field.minutes) != 2 || digits(field.whole_seconds) != 2)
    say("short_field", fmt::format("expected two digits for minutes and seconds, found '{}'", written));
  if (field.out_of_range)
    say("out_of_range", fmt::format("more than 59 minutes or seconds in '{}'", written));
  if (digits(field.hours) > 2) say("long_hours", fmt::format("more than 99 hours in '{}'", written));
  if (field.has_inner_blanks || field.wide_digits || (!field.hours.empty() && field.second_mark != ":") ||
      field.first_mark != ":")
    say("odd_time", fmt::format("expected digits and colons, found '{}'", written));
}

// ---- the way in ---------------------------------------------------------------------------------------

std::string_view name_of(SubtitleFormat format) { return kNames[static_cast<size_t>(format)]; }

SubtitleFormat subtitle_format_of(std::string_view name) {
  const auto* found = std::find(std::begin(kNames), std::end(kNames), name);
  if (found == std::end(kNames))
    throw ConfigError(
        fmt::format("expected srt, vtt, ass, ttml, sbv or microdvd, found '{}'", printable(name)));
  return static_cast<SubtitleFormat>(found - std::begin(kNames));
}

Subtitle parse_subtitle(std::string bytes, const SubtitleOptions& given) {
  SubtitleOptions options = given;
  if (options.name.empty()) options.name = "subtitles";
  const std::string_view any = options.format ? expected(*options.format) : kExpectedAny;
  if (bytes.size() > kMaxBytes)
    refuse(options, "at most 256 MiB of subtitles", fmt::format("{} bytes", bytes.size()));
  if (const std::string kind = media_kind(bytes); !kind.empty()) refuse(options, any, kind);
  if (!(options.frames_per_second >= 0.0 && options.frames_per_second <= 1000.0))
    throw ConfigError(
        fmt::format("expected 0 to 1000 frames per second, found {}", options.frames_per_second));

  Subtitle subtitle;
  subtitle.bytes = std::move(bytes);
  subtitle.decoded = decode_text(subtitle.bytes, options.encoding);
  const std::string_view text = subtitle.decoded.text;
  const bool is_empty = skip_blanks(text, 0) == text.size();
  if (!is_empty && is_binary(text)) refuse(options, any, "binary data");
  const auto ending = format_of_ending(options.name);
  const auto content = format_of_content(text, ending);
  if (!options.format && !content && !is_empty) refuse(options, any, text_kind(text));
  subtitle.format = options.format ? *options.format
                    : content      ? *content
                                   : ending.value_or(SubtitleFormat::srt);

  warn_of_text(subtitle);
  if (!options.format && content && ending && *content != *ending)
    warn(subtitle, "other_format", 0,
         fmt::format("the name says {}, the content is {}", name_of(*ending), name_of(*content)));
  parse_as(subtitle, options.frames_per_second);
  if (subtitle.cues.empty()) {
    if (!may_be_empty(subtitle)) refuse(options, expected(subtitle.format), text_kind(text));
    warn(subtitle, "no_cues", 0, "the file has no cue");
  }
  warn_of_times(subtitle);
  sort_warnings(subtitle);
  if (options.strict && !subtitle.warnings.empty()) {
    const SubtitleWarning& first = subtitle.warnings.front();
    const std::string place = first.line > 0 ? fmt::format(":{}", first.line) : "";
    throw DataError(fmt::format("{}{}: {} ({})", printable(options.name), place, first.message, first.code));
  }
  return subtitle;
}

Subtitle read_subtitle(const std::filesystem::path& path, const SubtitleOptions& options) {
  SubtitleOptions named = options;
  named.name = path.string();
  return parse_subtitle(read_file(path, kMaxBytes), named);
}

}  // namespace wav2vec
