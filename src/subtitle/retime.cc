#include "wav2vec/subtitle/retime.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "subtitle/clock_field.h"
#include "subtitle/media_time.h"
#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

struct Replacement {
  ByteRange place;  ///< in the decoded text
  std::string text;
};

std::string write_time(const Subtitle& subtitle, std::string_view written, double seconds) {
  ClockStyle style = {};
  switch (subtitle.format) {
    case SubtitleFormat::microdvd:
      return fmt::format("{}", std::llround(seconds * subtitle.frames_per_second));
    case SubtitleFormat::ttml:
      return write_media_time(written, seconds, subtitle);
    case SubtitleFormat::srt:
      style.decimal_mark = ",";
      break;
    case SubtitleFormat::ass:
      style.hour_digits = 1;
      style.fixed_digits = true;
      break;
    case SubtitleFormat::sbv:
      style.hour_digits = 1;
      break;
    case SubtitleFormat::vtt:
      break;
  }
  const auto field = clock_at(written, 0);
  W2V_CHECK(field.has_value(), "a time that cannot be read");
  return write_clock(*field, seconds, style);
}

class Retimer {
 public:
  explicit Retimer(const Subtitle& subtitle) : subtitle_(subtitle), text_(subtitle.decoded.text) {}

  void change(const Cue& cue, const CueTimes& times) {
    constexpr double kTooLong = 1e15;
    W2V_CHECK(std::abs(times.start_seconds) < kTooLong && std::abs(times.end_seconds) < kTooLong,
              "a cue's time is no number that a file could say");
    if (times == CueTimes{cue.start_seconds, cue.end_seconds}) return;
    const bool starts_elsewhere = times.start_seconds != cue.start_seconds;
    if (starts_elsewhere) replace(cue.start_field, times.start_seconds - cue.start_field.origin_seconds);
    if (cue.end_field.counts_from_start) {
      // The same up to what sums of two times lose.
      const double length = times.end_seconds - times.start_seconds;
      if (std::abs(length - (cue.end_seconds - cue.start_seconds)) > 1e-9) replace(cue.end_field, length);
    } else if (times.end_seconds != cue.end_seconds) {
      replace(cue.end_field, times.end_seconds - cue.end_field.origin_seconds);
    }
    for (const TimeField& stamp : cue.stamps) move_stamp(stamp, cue, times);
  }

  std::string finish() {
    std::sort(replacements_.begin(), replacements_.end(),
              [](const Replacement& a, const Replacement& b) { return a.place.begin < b.place.begin; });
    const std::string& bytes = subtitle_.bytes;
    const DecodedText& decoded = subtitle_.decoded;
    std::string out;
    out.reserve(bytes.size() + bytes.size() / 16);
    size_t at = 0;
    for (const Replacement& one : replacements_) {
      const size_t begin = decoded.source_of(one.place.begin);
      out.append(bytes, at, begin - at);
      out += encode_text(one.text, decoded.encoding);
      at = decoded.source_of(one.place.end);
    }
    out.append(bytes, at);
    return out;
  }

 private:
  void replace(const TimeField& field, double seconds) {
    if (field.place.empty()) return;
    const std::string_view written = text_.substr(field.place.begin, field.place.end - field.place.begin);
    replacements_.push_back({field.place, write_time(subtitle_, written, seconds)});
  }

  void move_stamp(const TimeField& stamp, const Cue& cue, const CueTimes& times) {
    const auto field = clock_at(text_.substr(0, stamp.place.end), stamp.place.begin);
    W2V_CHECK(field.has_value(), "a time that cannot be read");
    const double length = cue.end_seconds - cue.start_seconds;
    const double share = length > 0.0 ? (times.end_seconds - times.start_seconds) / length : 1.0;
    replace(stamp, times.start_seconds + (field->seconds - cue.start_seconds) * share);
  }

  const Subtitle& subtitle_;
  std::string_view text_;
  std::vector<Replacement> replacements_;
};

}  // namespace

std::vector<CueTimes> times_of(const Subtitle& subtitle) {
  std::vector<CueTimes> times;
  times.reserve(subtitle.cues.size());
  for (const Cue& cue : subtitle.cues) times.push_back({cue.start_seconds, cue.end_seconds});
  return times;
}

std::string retimed(const Subtitle& subtitle, std::span<const CueTimes> times) {
  W2V_CHECK(times.size() == subtitle.cues.size(), "not one pair of times for each cue");
  Retimer retimer(subtitle);
  for (size_t i = 0; i < times.size(); ++i) retimer.change(subtitle.cues[i], times[i]);
  return retimer.finish();
}

}  // namespace wav2vec
