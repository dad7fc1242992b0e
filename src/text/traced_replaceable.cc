#include "text/traced_replaceable.h"

#include <algorithm>

namespace wav2vec {

TracedReplaceable::TracedReplaceable(std::span<const TracedCharacter> text) : whole_(source_of(text)) {
  for (const TracedCharacter& c : text) {
    text_.append(static_cast<UChar32>(c.code));
    origins_.resize(static_cast<size_t>(text_.length()), {c.source, true});
  }
}

UClassID TracedReplaceable::getDynamicClassID() const {
  static char id = 0;
  return &id;
}

void TracedReplaceable::handleReplaceBetween(int32_t start, int32_t limit, const icu::UnicodeString& text) {
  Origin origin;
  for (int32_t i = start; i < limit; ++i) {
    const Origin& old = origins_[static_cast<size_t>(i)];
    if (!old.known) continue;
    origin.source.begin = origin.known ? std::min(origin.source.begin, old.source.begin) : old.source.begin;
    origin.source.end = origin.known ? std::max(origin.source.end, old.source.end) : old.source.end;
    origin.known = true;
  }
  text_.replace(start, limit - start, text);
  const auto at = origins_.erase(origins_.begin() + start, origins_.begin() + limit);
  origins_.insert(at, static_cast<size_t>(text.length()), origin);
}

void TracedReplaceable::extractBetween(int32_t start, int32_t limit, icu::UnicodeString& target) const {
  text_.extractBetween(start, limit, target);
}

void TracedReplaceable::copy(int32_t start, int32_t limit, int32_t dest) {
  text_.copy(start, limit, dest);
  const std::vector<Origin> part(origins_.begin() + start, origins_.begin() + limit);
  origins_.insert(origins_.begin() + dest, part.begin(), part.end());
}

TracedText TracedReplaceable::result() const {
  TracedText traced;
  const auto size = static_cast<int32_t>(origins_.size());
  // An inserted character comes from what the rule took away there, the gap between its neighbours, or from a
  // neighbour if there is no gap.
  std::vector<ByteRange> next(origins_.size() + 1, {whole_.end, whole_.end});
  for (size_t i = origins_.size(); i-- > 0;) next[i] = origins_[i].known ? origins_[i].source : next[i + 1];
  ByteRange before{whole_.begin, whole_.begin};
  for (int32_t i = 0; i < size; i = text_.moveIndex32(i, 1)) {
    const Origin& origin = origins_[static_cast<size_t>(i)];
    const ByteRange& after = next[static_cast<size_t>(i)];
    ByteRange source = origin.source;
    if (!origin.known && before.end < after.begin) source = {before.end, after.begin};
    if (!origin.known && before.end >= after.begin) source = before.empty() ? after : before;
    traced.push_back({static_cast<char32_t>(text_.char32At(i)), source});
    before = source;
  }
  // Characters that changed places come from all the places between.
  for (size_t i = 1; i < traced.size(); ++i)
    traced[i].source.end = std::max(traced[i].source.end, traced[i - 1].source.end);
  for (size_t i = traced.size(); i-- > 1;)
    traced[i - 1].source.begin = std::min(traced[i - 1].source.begin, traced[i].source.begin);
  return traced;
}

TracedText transliterate(const icu::Transliterator& rules, std::span<const TracedCharacter> text) {
  TracedReplaceable first_use(text);
  rules.transliterate(first_use);
  TracedReplaceable traced(text);
  rules.transliterate(traced);
  return traced.result();
}

}  // namespace wav2vec
