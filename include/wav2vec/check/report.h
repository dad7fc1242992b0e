#pragma once
// What a check found, for people and for programs.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "wav2vec/check/checker.h"

namespace wav2vec {

struct SourceWarning {
  std::string code;
  int64_t line = 0;
  std::string message;
};

/// Everything that a report says; what was checked is untrusted text.
struct CheckReport {
  std::string version;  ///< of the program
  std::string model;    ///< file of the head
  std::string media;    ///< as it was named
  double media_seconds = 0.0;
  std::string spoken_language;  ///< as its container or the caller says, "eng"; empty: not known
  std::string subtitle;
  std::string format;
  std::string encoding;
  bool byte_order_mark = false;
  std::string text_language;  ///< that most of the texts are in, "en"; empty: not known
  std::vector<CheckedText> cues;
  std::vector<int64_t> lines;    ///< of the cues' times in the file
  std::vector<std::string> ids;  ///< of the cues, as written
  std::vector<SourceWarning> warnings;
  CheckResult result;
};

/// "drift 25/23.976 +0.412 s | 3 wrong, 5 to review | 812 cues".
std::string check_summary(const CheckReport& report);

/// docs/check-report.schema.json.
std::string check_json(const CheckReport& report);

/// A line for each cue, with a header; texts are quoted as RFC 4180 has it, and one that a spreadsheet would
/// take for a formula begins with an apostrophe.
std::string check_csv(const CheckReport& report);

}  // namespace wav2vec
