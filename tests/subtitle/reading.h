#pragma once
// Short ways to ask what became of a file.

#include <unicode/ucnv.h>
#include <unicode/ustring.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "wav2vec/subtitle/subtitle.h"

namespace wav2vec {

inline Subtitle parsed(std::string bytes, const std::string& name = "a.srt") {
  SubtitleOptions options;
  options.name = name;
  return parse_subtitle(std::move(bytes), options);
}

inline std::vector<std::string> codes_of(const Subtitle& subtitle) {
  std::vector<std::string> codes;
  for (const SubtitleWarning& warning : subtitle.warnings) codes.emplace_back(warning.code);
  return codes;
}

inline bool warns(const Subtitle& subtitle, std::string_view code) {
  return std::any_of(subtitle.warnings.begin(), subtitle.warnings.end(),
                     [&](const SubtitleWarning& warning) { return warning.code == code; });
}

inline std::vector<std::string> texts_of(const Subtitle& subtitle) {
  std::vector<std::string> texts;
  for (const Cue& cue : subtitle.cues) texts.push_back(cue.text);
  return texts;
}

inline std::vector<std::string> ids_of(const Subtitle& subtitle) {
  std::vector<std::string> ids;
  for (const Cue& cue : subtitle.cues) ids.push_back(cue.id);
  return ids;
}

using Texts = std::vector<std::string>;

/// UTF-8 in another encoding, by ICU alone.
inline std::string in_encoding(const std::string& utf8, const char* encoding) {
  UErrorCode status = U_ZERO_ERROR;
  UConverter* converter = ucnv_open(encoding, &status);
  if (U_FAILURE(status)) throw std::runtime_error(std::string("no encoding ") + encoding);
  std::vector<UChar> units(utf8.size() + 1);
  int32_t count = 0;
  u_strFromUTF8(units.data(), static_cast<int32_t>(units.size()), &count, utf8.data(),
                static_cast<int32_t>(utf8.size()), &status);
  std::string bytes(utf8.size() * 4 + 16, '\0');
  const int32_t size = ucnv_fromUChars(converter, bytes.data(), static_cast<int32_t>(bytes.size()),
                                       units.data(), count, &status);
  ucnv_close(converter);
  if (U_FAILURE(status)) throw std::runtime_error(std::string("cannot write ") + encoding);
  bytes.resize(static_cast<size_t>(size));
  return bytes;
}

inline std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

}  // namespace wav2vec
