#include "wav2vec/check/report.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "wav2vec/core/escape.h"

namespace wav2vec {
namespace {

using Json = nlohmann::ordered_json;

template <class Enum, size_t n>
std::string name_of(Enum value, const std::string_view (&names)[n]) {
  return std::string(names[static_cast<size_t>(value)]);
}

// Milliseconds are enough, and more digits only differ between machines.
double rounded(double seconds) { return std::round(seconds * 1000.0) / 1000.0; }
double rounded_share(double share) { return std::round(share * 10000.0) / 10000.0; }

Json segments_of(const TimingModel& timing) {
  Json segments = Json::array();
  for (const TimingSegment& s : timing.segments) {
    segments.push_back({{"cue_from", s.first_cue + 1},
                        {"cue_to", s.end_cue},
                        {"slope", std::round(s.slope * 1e7) / 1e7},
                        {"ratio_name", s.ratio.empty() ? Json() : Json(s.ratio)},
                        {"offset_s", rounded(s.offset_seconds)},
                        {"offset_ci95_s", {rounded(s.offset_low_seconds), rounded(s.offset_high_seconds)}},
                        {"spread_s", rounded(s.spread_seconds)},
                        {"support", s.support}});
  }
  return segments;
}

Json json_of(const CheckReport& report, size_t i) {
  const CheckedText& cue = report.cues[i];
  const CheckedCue& checked = report.result.cues[i];
  Json reasons = Json::array();
  for (const CueReason reason : checked.reasons) reasons.push_back(name_of(reason, kCueReasonNames));
  Json out{{"index", i + 1},
           {"id", report.ids[i].empty() ? Json() : Json(report.ids[i])},
           {"line", report.lines[i]},
           {"start_s", rounded(cue.start_seconds)},
           {"end_s", rounded(cue.end_seconds)},
           {"text", cue.text},
           {"p_match", checked.band == CueBand::not_scored ? Json() : Json(rounded_share(checked.p_match))},
           {"band", name_of(checked.band, kCueBandNames)},
           {"reasons", reasons},
           {"scorable_chars", rounded_share(checked.scorable_share)},
           {"letters", checked.letters}};
  out["best_fit"] = checked.best_fit ? Json{{"start_s", rounded(checked.best_fit->start_seconds)},
                                            {"end_s", rounded(checked.best_fit->end_seconds)},
                                            {"p", rounded_share(checked.best_fit->probability)}}
                                     : Json();
  out["shift_s"] =
      checked.best_fit ? Json(rounded(checked.best_fit->start_seconds - cue.start_seconds)) : Json();
  const bool moved = checked.suggested_start_seconds != cue.start_seconds;
  out["suggest"] = {{"action", moved                                                               ? "retime"
                               : checked.band == CueBand::wrong || checked.band == CueBand::review ? "review"
                                                                                                   : "none"},
                    {"start_s", rounded(checked.suggested_start_seconds)},
                    {"end_s", rounded(checked.suggested_end_seconds)}};
  return out;
}

Json known(const std::string& text) { return text.empty() ? Json() : Json(text); }

std::string quoted(std::string text) {
  if (!text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos)
    text.insert(0, "'");
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

}  // namespace

std::string check_summary(const CheckReport& report) {
  const CheckResult& result = report.result;
  std::string text = name_of(result.state, kFileStateNames);
  if (moves_times(result.state)) {
    for (const TimingSegment& segment : result.timing.segments) {
      if (!segment.ratio.empty())
        text += fmt::format(" {}", segment.ratio);
      else if (segment.slope != 1.0)
        text += fmt::format(" {:+.0f} ppm", 1e6 * (segment.slope - 1.0));
      text += fmt::format(" {:+.3f} s", segment.offset_seconds);
      if (&segment != &result.timing.segments.back()) text += ",";
    }
  }
  if (result.state == FileState::wrong_language)
    text += fmt::format(" {}, not {}", report.text_language, printable(report.spoken_language));
  const auto count = [&](CueBand band) { return result.bands[static_cast<size_t>(band)]; };
  text += fmt::format(" | {} wrong, {} to review, {} not scored | {} cues", count(CueBand::wrong),
                      count(CueBand::review), count(CueBand::not_scored), report.cues.size());
  if (!result.uncovered.empty())
    text += fmt::format(" | speech without a cue in {} place{}", result.uncovered.size(),
                        result.uncovered.size() == 1 ? "" : "s");
  return text;
}

std::string check_json(const CheckReport& report) {
  const CheckResult& result = report.result;
  Json warnings = Json::array();
  for (const SourceWarning& warning : report.warnings)
    warnings.push_back({{"code", warning.code}, {"line", warning.line}, {"message", warning.message}});
  Json cues = Json::array();
  for (size_t i = 0; i < report.cues.size(); ++i) cues.push_back(json_of(report, i));
  Json summary;
  for (size_t b = 0; b < std::size(kCueBandNames); ++b)
    summary[std::string(kCueBandNames[b])] = result.bands[b];
  Json gaps = Json::array();
  for (const TimeSpan& gap : result.uncovered) {
    gaps.push_back({{"start_s", rounded(gap.start_seconds)},
                    {"end_s", rounded(gap.end_seconds)},
                    {"kind", "speech_without_cue"}});
  }
  summary["speech_without_cue"] = gaps.size();
  double expected_errors = 0.0;
  for (const CheckedCue& cue : result.cues)
    expected_errors += cue.band == CueBand::not_scored ? 0.0 : 1.0 - cue.p_match;
  summary["expected_errors"] = std::round(expected_errors * 10.0) / 10.0;
  const Json out{{"schema", "wav2vec-check/1"},
                 {"line", check_summary(report)},
                 {"tool", {{"name", "wav2vec"}, {"version", report.version}, {"model", report.model}}},
                 {"media",
                  {{"path", report.media},
                   {"duration_s", rounded(report.media_seconds)},
                   {"language", known(report.spoken_language)}}},
                 {"subtitle",
                  {{"path", report.subtitle},
                   {"format", report.format},
                   {"encoding", report.encoding},
                   {"bom", report.byte_order_mark},
                   {"language", known(report.text_language)},
                   {"cues", report.cues.size()},
                   {"scored_cues", result.scored},
                   {"warnings", warnings}}},
                 {"verdict",
                  {{"state", name_of(result.state, kFileStateNames)},
                   {"p", rounded_share(result.probability)},
                   {"share_heard", rounded_share(result.share)},
                   {"identity", result.timing.identity},
                   {"log_odds", rounded(result.timing.log_odds)},
                   {"at_search_boundary", result.timing.at_search_edge}}},
                 {"timing",
                  {{"bias_s", rounded(result.median_offset_seconds)},
                   {"bias_ci95_s", {rounded(result.offset_low_seconds), rounded(result.offset_high_seconds)}},
                   {"segments", segments_of(result.timing)}}},
                 {"summary", summary},
                 {"gaps", gaps},
                 {"cues", cues}};
  return out.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string check_csv(const CheckReport& report) {
  std::string out =
      "index,line,start_s,end_s,band,p_match,reasons,found_start_s,found_end_s,suggested_start_s,suggested_"
      "end_s,text\n";
  for (size_t i = 0; i < report.cues.size(); ++i) {
    const CheckedText& cue = report.cues[i];
    const CheckedCue& checked = report.result.cues[i];
    std::string reasons;
    for (const CueReason reason : checked.reasons)
      reasons += (reasons.empty() ? "" : " ") + name_of(reason, kCueReasonNames);
    const bool scored = checked.band != CueBand::not_scored;
    out += fmt::format("{},{},{:.3f},{:.3f},{},{},{},{},{},{:.3f},{:.3f},{}\n", i + 1, report.lines[i],
                       cue.start_seconds, cue.end_seconds, name_of(checked.band, kCueBandNames),
                       scored ? fmt::format("{:.4f}", checked.p_match) : "", reasons,
                       checked.best_fit ? fmt::format("{:.3f}", checked.best_fit->start_seconds) : "",
                       checked.best_fit ? fmt::format("{:.3f}", checked.best_fit->end_seconds) : "",
                       checked.suggested_start_seconds, checked.suggested_end_seconds, quoted(cue.text));
  }
  return out;
}

}  // namespace wav2vec
