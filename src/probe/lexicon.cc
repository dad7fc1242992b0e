#include "wav2vec/probe/lexicon.h"

#include <fmt/format.h>

#include <set>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/text_lines.h"
#include "wav2vec/measure/text_units.h"

namespace wav2vec {
namespace {

void remove_stress(std::string& phone) {
  if (phone.size() > 1 && phone.back() >= '0' && phone.back() <= '9') phone.pop_back();
}

}  // namespace

const std::vector<std::string>* Lexicon::find(std::string_view word) const {
  const auto at = pronunciations.find(word);
  return at == pronunciations.end() ? nullptr : &at->second;
}

std::vector<std::string> Lexicon::phones() const {
  std::set<std::string> phones;
  for (const auto& [word, pronunciation] : pronunciations)
    phones.insert(pronunciation.begin(), pronunciation.end());
  return {phones.begin(), phones.end()};
}

Lexicon read_lexicon(const std::filesystem::path& path, Stress stress) {
  Lexicon lexicon;
  TextLines lines(path.string(), uint64_t{1} << 30);
  std::string_view line;
  while (lines.next(line)) {
    const auto [word, rest] = split_word(line);
    std::vector<std::string> phones = split_words(rest);
    if (phones.empty())
      lines.fail(fmt::format("expected \"WORD PHONE …\", found \"{}\" alone", printable(word)));
    double probability = 0.0;
    if (phones[0].find('.') != std::string::npos && parse_seconds(phones[0], probability))
      lines.fail(
          fmt::format("a probability ({}) where a phone is expected; give lexicon.txt, not lexiconp.txt",
                      printable(phones[0])));
    if (stress == Stress::remove) {
      for (std::string& phone : phones) remove_stress(phone);
    }
    lexicon.pronunciations.try_emplace(std::string(word), std::move(phones));
  }
  if (lexicon.pronunciations.empty())
    throw DataError(
        fmt::format("{}: no words; expected lines \"WORD PHONE PHONE …\"", printable(path.string())));
  return lexicon;
}

PhoneTargets phones_of(const Lexicon& lexicon, std::string_view text) {
  PhoneTargets targets;
  for (std::string& word : split_words(text)) {
    if (const auto* phones = lexicon.find(word)) {
      targets.phones.insert(targets.phones.end(), phones->begin(), phones->end());
    } else {
      targets.unknown_words.push_back(std::move(word));
    }
  }
  return targets;
}

std::map<std::string, int64_t> missing_words(const Lexicon& lexicon, std::span<const std::string> texts) {
  std::map<std::string, int64_t> missing;
  for (const std::string& text : texts) {
    for (const std::string& word : phones_of(lexicon, text).unknown_words) ++missing[word];
  }
  return missing;
}

}  // namespace wav2vec
