#include "text/phone_reader.h"

#include <algorithm>
#include <iterator>

#include "text/divided_phones.h"
#include "text/espeak.h"
#include "text/language_tag.h"
#include "wav2vec/text/phone_tokens.h"
#include "wav2vec/text/token_set.h"

namespace wav2vec {
namespace {

// espeak-ng's buffers hold a few times as much.
constexpr size_t kMostClauseBytes = 300;
// Words on either side of another reading that may change how it is said.
constexpr size_t kContextSegments = 3;

/// Of what stands between two segments, marks and all.
WordToSay::Join join_of(std::string_view between) {
  if (between == "-" || between == "\u2010" || between == "\u2011") return WordToSay::Join::hyphen;
  constexpr char32_t kEnds[] = {U'.', U',', U';',  U':',  U'!',  U'?', U'(', U')', U'[', U']', U'"', U'…',
                                U'–', U'—', U'。', U'、', U'，', U'¿', U'¡', U'।', U'؟', U'،', U'\n'};
  for (const TracedCharacter& c : trace_utf8(between, InvalidUtf8::replace)) {
    if (std::ranges::find(kEnds, c.code) != std::end(kEnds)) return WordToSay::Join::clause;
  }
  return WordToSay::Join::blank;
}

/// Of one stretch that espeak-ng says as one.
std::vector<int> tokens_of(const std::string& ipa) { return phones_of_ipa(ipa).tokens; }

}  // namespace

PhoneReader::PhoneReader(const std::string& language)
    : voice_(espeak_voice(language)),
      latin_only_(voice_.find("latn") != std::string::npos),
      written_(locale_of(language)) {}

std::vector<std::vector<int>> PhoneReader::said(std::string_view clause) const {
  std::vector<std::vector<int>> groups;
  for (const std::string& phones : espeak_phones(voice_, clause)) {
    std::vector<int> group = tokens_of(phones);
    if (!group.empty()) groups.push_back(std::move(group));
  }
  return groups;
}

std::vector<std::vector<int>> PhoneReader::phones_of_clause(std::span<const WordToSay> words) const {
  std::string clause;
  for (const WordToSay& word : words) {
    if (!clause.empty()) clause += word.join == WordToSay::Join::hyphen ? '-' : ' ';
    clause += word.written;
  }
  std::vector<std::vector<int>> groups = said(clause);
  if (groups.size() == words.size()) return groups;
  std::vector<std::vector<int>> alone;
  for (const WordToSay& word : words) {
    alone.emplace_back();
    for (const std::vector<int>& group : said(word.written))
      alone.back().insert(alone.back().end(), group.begin(), group.end());
  }
  return divided_phones(groups, alone);
}

std::vector<std::vector<int>> PhoneReader::phones_of_words(std::span<const WordToSay> words) const {
  std::vector<std::vector<int>> all;
  for (size_t at = 0; at < words.size();) {
    size_t bytes = words[at].written.size();
    size_t end = at + 1;
    while (end < words.size() && words[end].join != WordToSay::Join::clause &&
           bytes + 1 + words[end].written.size() <= kMostClauseBytes)
      bytes += 1 + words[end++].written.size();
    std::ranges::move(phones_of_clause(words.subspan(at, end - at)), std::back_inserter(all));
    at = end;
  }
  return all;
}

std::vector<std::vector<int>> PhoneReader::phones_of(std::string_view text, std::span<const Segment> segments,
                                                     size_t chosen, size_t reading, bool shouted) const {
  std::vector<WordToSay> words;
  std::vector<size_t> segment_of;
  size_t end_before = 0;
  for (size_t s = 0; s < segments.size(); ++s) {
    const Reading& read = segments[s].readings[s == chosen ? reading : 0];
    std::string written = latin_only_ ? read.text : read.written;
    if (shouted) written = written_.in_small_letters(written);
    const size_t begin = std::max(segments[s].source.begin, end_before);
    WordToSay::Join join =
        words.empty() ? WordToSay::Join::blank : join_of(text.substr(end_before, begin - end_before));
    for (size_t at = 0; at < written.size();) {
      const size_t end = std::min(written.find(' ', at), written.size());
      words.push_back({written.substr(at, end - at), join});
      segment_of.push_back(s);
      join = WordToSay::Join::blank;
      at = end + 1;
    }
    end_before = std::max(end_before, segments[s].source.end);
  }
  std::vector<std::vector<int>> phones(segments.size());
  const std::vector<std::vector<int>> said = phones_of_words(words);
  for (size_t w = 0; w < words.size(); ++w) {
    std::vector<int>& all = phones[segment_of[w]];
    if (said[w].empty()) continue;
    if (!all.empty()) all.push_back(kGapToken);
    all.insert(all.end(), said[w].begin(), said[w].end());
  }
  return phones;
}

std::vector<std::vector<std::vector<int>>> PhoneReader::read(std::string_view text,
                                                             std::span<const Segment> segments) const {
  std::string all_written;
  for (const Segment& segment : segments) all_written += segment.readings.front().written;
  const bool shouted = written_.is_all_capitals(all_written);
  std::vector<std::vector<std::vector<int>>> phones;
  for (std::vector<int>& usual : phones_of(text, segments, segments.size(), 0, shouted))
    phones.push_back({std::move(usual)});
  for (size_t s = 0; s < segments.size(); ++s) {
    const size_t first = s - std::min(s, kContextSegments);
    const size_t end = std::min(segments.size(), s + kContextSegments + 1);
    for (size_t r = 1; r < segments[s].readings.size(); ++r) {
      auto around = phones_of(text, segments.subspan(first, end - first), s - first, r, shouted);
      phones[s].push_back(std::move(around[s - first]));
    }
  }
  return phones;
}

}  // namespace wav2vec
