#pragma once
// How words are pronounced: phone targets for transcripts that are written in words.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wav2vec {

/// Words and their first pronunciation.
struct Lexicon {
  std::map<std::string, std::vector<std::string>, std::less<>> pronunciations;

  /// Null for a word that is not there; case counts.
  const std::vector<std::string>* find(std::string_view word) const;
  /// All phones in byte order.
  std::vector<std::string> phones() const;
};

enum class Stress { keep, remove };

/// Reads Kaldi's lexicon.txt: lines `WORD PHONE PHONE …`; of several lines for a word the first counts.
/// Stress::remove takes the digit off phones like AH0 (as CMUdict marks vowels). Throws DataError "file:line:
/// …" for a word without phones and for lexiconp.txt, whose second field is a probability.
Lexicon read_lexicon(const std::filesystem::path& path, Stress stress = Stress::remove);

struct PhoneTargets {
  std::vector<std::string> phones;
  std::vector<std::string> unknown_words;  ///< not in the lexicon, in the order of the text; without phones
};

PhoneTargets phones_of(const Lexicon& lexicon, std::string_view text);

/// How often which words of the texts are missing, to be reported before phone targets are used.
std::map<std::string, int64_t> missing_words(const Lexicon& lexicon, std::span<const std::string> texts);

}  // namespace wav2vec
