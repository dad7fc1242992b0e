#include "wav2vec/align/alignment_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"

namespace wav2vec {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

struct Interval {
  TimeSpan time;
  std::string text;
};

// Praat doubles a quotation mark inside a string.
std::string praat_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
  return out;
}

// Praat wants intervals without holes and overlaps: empty ones stand between, and what overlaps by rounding
// is cut.
std::vector<Interval> without_holes(const std::vector<Interval>& intervals, double seconds) {
  std::vector<Interval> out;
  double at = 0.0;
  for (const Interval& interval : intervals) {
    const double start = std::clamp(interval.time.start_seconds, at, seconds);
    const double end = std::clamp(interval.time.end_seconds, start, seconds);
    if (end <= start) continue;
    if (start > at) out.push_back({{at, start}, ""});
    out.push_back({{start, end}, interval.text});
    at = end;
  }
  if (at < seconds || out.empty()) out.push_back({{at, seconds}, ""});
  return out;
}

// Of seconds, to a tenth of a millisecond.
double decimals(double seconds) { return std::round(seconds * 1e4) / 1e4; }

std::string praat_tier(int number, std::string_view name, const std::vector<Interval>& intervals,
                       double seconds) {
  std::string out = fmt::format(
      "    item [{}]:\n        class = \"IntervalTier\"\n        name = \"{}\"\n        xmin = 0\n        "
      "xmax = {}\n"
      "        intervals: size = {}\n",
      number, name, seconds, intervals.size());
  for (size_t i = 0; i < intervals.size(); ++i) {
    out += fmt::format(
        "        intervals [{}]:\n            xmin = {}\n            xmax = {}\n            text = {}\n",
        i + 1, decimals(intervals[i].time.start_seconds), decimals(intervals[i].time.end_seconds),
        praat_string(intervals[i].text));
  }
  return out;
}

std::string format_textgrid(const AlignedText& recording) {
  std::vector<Interval> lines;
  std::vector<Interval> words;
  std::vector<Interval> characters;
  double seconds = recording.seconds;
  for (const AlignedLine& line : recording.lines) {
    if (!line.spoken) continue;
    seconds = std::max(seconds, line.time.end_seconds);
    lines.push_back({line.time, line.text});
    for (const AlignedWord& word : line.words) {
      words.push_back({word.time, word.text});
      for (const AlignedCharacter& c : word.characters) characters.push_back({c.time, c.name});
    }
  }
  std::string out = fmt::format(
      "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\nxmin = 0\nxmax = {}\ntiers? <exists>\nsize "
      "= 3\n"
      "item []:\n",
      seconds);
  out += praat_tier(1, "lines", without_holes(lines, seconds), seconds);
  out += praat_tier(2, "words", without_holes(words, seconds), seconds);
  out += praat_tier(3, recording.tokens == TokenKind::phones ? "phones" : "characters",
                    without_holes(characters, seconds), seconds);
  return out;
}

// CTM's fields are divided by blanks.
std::string ctm_field(std::string_view text) {
  std::string out;
  for (const char c : text)
    out +=
        std::isspace(static_cast<unsigned char>(c)) != 0 || std::iscntrl(static_cast<unsigned char>(c)) != 0
            ? '_'
            : c;
  return out.empty() ? "_" : out;
}

std::string format_ctm(std::span<const AlignedText> recordings) {
  std::string out;
  for (const AlignedText& recording : recordings) {
    for (const AlignedLine& line : recording.lines) {
      for (const AlignedWord& word : line.words) {
        out += fmt::format("{} 1 {:.3f} {:.3f} {} {:.3f}\n", ctm_field(recording.id), word.time.start_seconds,
                           word.time.end_seconds - word.time.start_seconds, ctm_field(word.text),
                           word.confidence);
      }
    }
  }
  return out;
}

// "01:02:03.004" with the given mark before the milliseconds.
std::string clock_time(double seconds, char mark) {
  const auto ms = static_cast<int64_t>(std::llround(std::max(seconds, 0.0) * 1000.0));
  return fmt::format("{:02}:{:02}:{:02}{}{:03}", ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, mark,
                     ms % 1000);
}

std::string format_srt(const AlignedText& recording) {
  std::string out;
  int64_t number = 0;
  for (const AlignedLine& line : recording.lines) {
    if (!line.spoken) continue;
    out += fmt::format("{}\n{} --> {}\n{}\n\n", ++number, clock_time(line.time.start_seconds, ','),
                       clock_time(line.time.end_seconds, ','), line.text);
  }
  return out;
}

std::string vtt_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out += c;
  }
  return out;
}

std::string format_vtt(const AlignedText& recording) {
  std::string out = "WEBVTT\n\n";
  for (const AlignedLine& line : recording.lines) {
    if (!line.spoken) continue;
    out += fmt::format("{} --> {}\n", clock_time(line.time.start_seconds, '.'),
                       clock_time(line.time.end_seconds, '.'));
    size_t at = 0;
    for (const AlignedWord& word : line.words) {
      // Two words may come from one sign.
      const size_t begin = std::max(word.source.begin, at);
      out += vtt_text(std::string_view(line.text).substr(at, begin - at));
      if (begin > 0) out += fmt::format("<{}>", clock_time(word.time.start_seconds, '.'));
      at = begin;
    }
    out += vtt_text(std::string_view(line.text).substr(at)) + "\n\n";
  }
  return out;
}

// Centiseconds, one digit for the hours.
std::string ass_time(double seconds) {
  const auto cs = static_cast<int64_t>(std::llround(std::max(seconds, 0.0) * 100.0));
  return fmt::format("{}:{:02}:{:02}.{:02}", cs / 360000, cs / 6000 % 60, cs / 100 % 60, cs % 100);
}

std::string format_ass(const AlignedText& recording) {
  std::string out =
      "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize, PrimaryColour, "
      "Alignment, MarginL, MarginR, MarginV\nStyle: "
      "Default,Sans,20,&H00FFFFFF,2,10,10,10\n\n[Events]\nFormat: "
      "Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n";
  for (const AlignedLine& line : recording.lines) {
    if (!line.spoken) continue;
    out += fmt::format("Dialogue: 0,{},{},Default,,0,0,0,,{}\n", ass_time(line.time.start_seconds),
                       ass_time(line.time.end_seconds), line.text);
  }
  return out;
}

double milliseconds(double seconds) { return std::round(seconds * 1000.0) / 1000.0; }

void put_times(nlohmann::ordered_json& object, const TimeSpan& time) {
  object["start"] = milliseconds(time.start_seconds);
  object["end"] = milliseconds(time.end_seconds);
}

nlohmann::ordered_json json_of(const AlignedWord& word, TokenKind tokens) {
  const bool has_phones = tokens == TokenKind::phones;
  nlohmann::ordered_json object{{"text", word.text}};
  object["bytes"] = {word.source.begin, word.source.end};
  object["reading"] = word.reading;
  put_times(object, word.time);
  object["confidence"] = milliseconds(word.confidence);
  nlohmann::ordered_json characters = nlohmann::ordered_json::array();
  for (const AlignedCharacter& c : word.characters) {
    nlohmann::ordered_json character{{has_phones ? "phone" : "letter", c.name}};
    character["bytes"] = {c.source.begin, c.source.end};
    put_times(character, c.time);
    characters.push_back(std::move(character));
  }
  object[has_phones ? "phones" : "characters"] = std::move(characters);
  return object;
}

nlohmann::ordered_json json_of(const AlignedText& recording) {
  nlohmann::ordered_json object{{"id", recording.id}, {"seconds", milliseconds(recording.seconds)}};
  object["lines"] = nlohmann::ordered_json::array();
  for (const AlignedLine& line : recording.lines) {
    nlohmann::ordered_json one{{"line", line.number}, {"text", line.text}, {"spoken", line.spoken}};
    one["confidence"] = milliseconds(line.confidence);
    if (line.spoken) put_times(one, line.time);
    one["words"] = nlohmann::ordered_json::array();
    for (const AlignedWord& word : line.words) one["words"].push_back(json_of(word, recording.tokens));
    object["lines"].push_back(std::move(one));
  }
  return object;
}

std::string format_json(std::span<const AlignedText> recordings) {
  nlohmann::ordered_json document;
  if (recordings.size() == 1) {
    document = json_of(recordings[0]);
  } else {
    document = nlohmann::ordered_json::array();
    for (const AlignedText& recording : recordings) document.push_back(json_of(recording));
  }
  return document.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

AlignmentFormat alignment_format_of(std::string_view file_name) {
  const size_t dot = file_name.rfind('.');
  const std::string extension = dot == std::string_view::npos ? "" : lower(file_name.substr(dot + 1));
  for (size_t i = 0; i < std::size(kAlignmentFormatNames); ++i) {
    if (extension == lower(kAlignmentFormatNames[i])) return static_cast<AlignmentFormat>(i);
  }
  throw ConfigError(
      fmt::format("{}: its ending names no format; expected .TextGrid, .ctm, .srt, .vtt, .ass or .json",
                  printable(file_name)));
}

bool holds_many(AlignmentFormat format) {
  return format == AlignmentFormat::ctm || format == AlignmentFormat::json;
}

std::string format_alignment(AlignmentFormat format, std::span<const AlignedText> recordings) {
  W2V_CHECK(recordings.size() == 1 || holds_many(format), "one recording in a file of this format");
  switch (format) {
    case AlignmentFormat::textgrid:
      return format_textgrid(recordings[0]);
    case AlignmentFormat::ctm:
      return format_ctm(recordings);
    case AlignmentFormat::srt:
      return format_srt(recordings[0]);
    case AlignmentFormat::vtt:
      return format_vtt(recordings[0]);
    case AlignmentFormat::ass:
      return format_ass(recordings[0]);
    case AlignmentFormat::json:
      return format_json(recordings);
  }
  throw InternalError("an alignment format without a writer");
}

std::string format_ctm_of_lines(std::span<const AlignedText> recordings) {
  std::string out;
  for (const AlignedText& recording : recordings) {
    for (const AlignedLine& line : recording.lines) {
      if (!line.spoken) continue;
      out += fmt::format("{}:{} 1 {:.3f} {:.3f} {} {:.3f}\n", ctm_field(recording.id), line.number,
                         line.time.start_seconds, line.time.end_seconds - line.time.start_seconds,
                         ctm_field(line.text), line.confidence);
    }
  }
  return out;
}

}  // namespace wav2vec
