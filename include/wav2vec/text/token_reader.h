#pragma once
// From what a person wrote to the tokens that a head knows: letters, or phones by espeak-ng's rules.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "wav2vec/config/token_kind.h"
#include "wav2vec/text/text_reader.h"

namespace wav2vec {

/// A way to say a segment.
struct TokenReading {
  std::string letters;            ///< Reading::text, whatever the tokens
  std::vector<int> tokens;        ///< a gap between two words and none at the ends; empty: without a sound
  std::vector<ByteRange> source;  ///< of each token: of a letter its own, of a phone the whole segment
};

struct TokenSegment {
  ByteRange source = {};
  std::vector<TokenReading> readings;  ///< as Segment::readings
};

struct TokenText {
  std::vector<TokenSegment> segments;  ///< in the order of the text
  double scorable_share = 0.0;         ///< of its letters and digits; 0 for a text without
};

/// The usual readings in a row, one gap between any two.
std::vector<int> usual_tokens(const TokenText& text);
/// The same in letters, whatever the tokens.
std::string usual_letters(const TokenText& text);

/// Not for several threads at once.
class TokenReader {
 public:
  /// Throws ConfigError for a language that ICU, or for phones espeak-ng, does not know; with phones also in
  /// a build without espeak-ng.
  explicit TokenReader(const TextOptions& options, TokenKind kind = TokenKind::letters);
  ~TokenReader();
  TokenReader(TokenReader&&) noexcept;

  TokenKind kind() const;
  /// Throws as TextReader::read does.
  TokenText read(std::string_view text) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace wav2vec
