#pragma once

#include <unicode/unistr.h>

#include <string>

namespace wav2vec {

inline std::string utf8(const icu::UnicodeString& text) {
  std::string out;
  text.toUTF8String(out);
  return out;
}

}  // namespace wav2vec
