#pragma once
// A report of a check with everything in it that a report can have.

#include <string>

#include "wav2vec/check/report.h"

namespace wav2vec::test {

/// What an HTML page, a script in it, a terminal or a template might obey.
inline const std::string kHostileText =
    "</title></script><script>stolen=1</script><!-- <img src=x onerror=stolen=1> {{REPORT}} \" ' & "
    "\xE2\x80\xA8 \xE2\x80\xAE <b>fat</b> <svg onload=stolen=1> javascript:stolen=1";

/// `count` cues of 2 s with 3 s from one to the next, in every band and with every reason; each is found
/// 1.5 s behind its time, and that is suggested.
inline CheckReport check_report(int64_t count, const std::string& text = "And then he said") {
  constexpr auto kReasons = static_cast<int64_t>(std::size(kCueReasonNames));
  constexpr auto kBands = static_cast<int64_t>(std::size(kCueBandNames));
  CheckReport report;
  report.version = "0.1.0";
  report.model = "default.safetensors";
  report.media = "media.wav";
  report.media_seconds = 3.0 * static_cast<double>(count) + 2.0;
  report.subtitle = "film.srt";
  report.format = "srt";
  report.encoding = "UTF-8";
  report.warnings = {{"overlap", 7, "the cue begins before the one above it has ended"}};
  report.result.state = FileState::offset;
  report.result.probability = 0.97;
  report.result.scored = count;
  report.result.timing = {
      .segments = {{.end_cue = count, .offset_seconds = 1.5, .ratio = {}, .support = count}},
      .identity = false,
      .log_odds = 41.2};
  for (int64_t i = 0; i < count; ++i) {
    const double start = 1.0 + 3.0 * static_cast<double>(i);
    report.cues.push_back({start, start + 2.0, text + " " + std::to_string(i)});
    report.lines.push_back(4 * i + 2);
    report.ids.push_back(i % 2 == 0 ? std::to_string(i + 1) : "");
    const auto band = static_cast<CueBand>(i % kBands);
    const bool scored = band != CueBand::not_scored;
    CheckedCue cue{.band = band,
                   .p_match = band == CueBand::ok       ? 0.98
                              : band == CueBand::review ? 0.7
                                                        : 0.02,
                   .scorable_share = scored ? 1.0 : 0.0,
                   .letters = scored ? 14 : 0,
                   .reasons = {},
                   .best_fit = {},
                   .suggested_start_seconds = start + 1.5,
                   .suggested_end_seconds = start + 3.5};
    if (scored) cue.best_fit = FoundPlace{start + 1.5, start + 3.4, cue.p_match};
    if (i % 3 == 0 || !scored)
      cue.reasons.push_back(scored ? static_cast<CueReason>(i / 3 % kReasons) : CueReason::unscorable_text);
    report.result.cues.push_back(cue);
    ++report.result.bands[static_cast<size_t>(band)];
  }
  return report;
}

}  // namespace wav2vec::test
