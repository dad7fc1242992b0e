#pragma once
// In which language a text is written; found out by Compact Language Detector 2.

#include <string>
#include <string_view>
#include <vector>

namespace wav2vec {

struct LanguageShare {
  std::string code;    ///< one that TextOptions::language takes: "en", "zh-Hant"
  double share = 0.0;  ///< of the text
};

/// Of what is spoken in a text with its marks, most of it first; empty where there is too little of it, or it
/// cannot be told. Invalid UTF-8 is passed over.
std::vector<LanguageShare> text_languages(std::string_view utf8);

/// Whether it is known that the text is not in this language ("en", "eng"), or only a little of it is.
bool is_other_language(const std::vector<LanguageShare>& text, std::string_view code);

}  // namespace wav2vec
