#include "wav2vec/text/token_reader.h"

#include <iterator>
#include <optional>
#include <utility>

#include "text/phone_reader.h"
#include "wav2vec/text/character_tokens.h"
#include "wav2vec/text/token_set.h"

namespace wav2vec {

std::vector<int> usual_tokens(const TokenText& text) {
  std::vector<int> all;
  for (const TokenSegment& segment : text.segments) {
    const std::vector<int>& tokens = segment.readings.front().tokens;
    if (tokens.empty()) continue;
    if (!all.empty()) all.push_back(kGapToken);
    all.insert(all.end(), tokens.begin(), tokens.end());
  }
  return all;
}

std::string usual_letters(const TokenText& text) {
  std::string all;
  for (const TokenSegment& segment : text.segments) {
    const std::string& letters = segment.readings.front().letters;
    if (!all.empty() && !letters.empty()) all += ' ';
    all += letters;
  }
  return all;
}

struct TokenReader::Parts {
  TextReader reader;
  TokenKind kind;
  std::optional<PhoneReader> phones;
};

TokenReader::TokenReader(const TextOptions& options, TokenKind kind)
    : parts_(std::make_unique<Parts>(Parts{TextReader(options), kind, std::nullopt})) {
  if (kind == TokenKind::phones) parts_->phones.emplace(options.language);
}
TokenReader::~TokenReader() = default;
TokenReader::TokenReader(TokenReader&&) noexcept = default;

TokenKind TokenReader::kind() const { return parts_->kind; }

TokenText TokenReader::read(std::string_view text) const {
  TextReading reading = parts_->reader.read(text);
  TokenText read{.segments = {},
                 .scorable_share = reading.letters > 0 ? 1.0 - reading.unscored_share() : 0.0};
  const bool has_phones = parts_->kind == TokenKind::phones;
  std::vector<std::vector<std::vector<int>>> phones;
  if (has_phones) phones = parts_->phones->read(text, reading.segments);
  for (size_t s = 0; s < reading.segments.size(); ++s) {
    Segment& segment = reading.segments[s];
    TokenSegment out{segment.source, {}};
    for (size_t r = 0; r < segment.readings.size(); ++r) {
      TokenReading choice{.letters = segment.readings[r].text, .tokens = {}, .source = {}};
      if (has_phones) {
        choice.tokens = std::move(phones[s][r]);
        choice.source.assign(choice.tokens.size(), segment.source);
      } else {
        choice.tokens = encode(choice.letters);
        choice.source = std::move(segment.readings[r].source);
      }
      out.readings.push_back(std::move(choice));
    }
    read.segments.push_back(std::move(out));
  }
  return read;
}

}  // namespace wav2vec
