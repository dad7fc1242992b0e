#include "wav2vec/subtitle/text_encoding.h"

#include <fmt/format.h>
#include <unicode/ucnv.h>
#include <unicode/ucnv_cb.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <utility>

#include "subtitle/encoding_guess.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"

namespace wav2vec {
namespace {

constexpr std::string_view kMark = "\xEF\xBB\xBF";
/// The bytes of kMark taken for windows-1252 and encoded once more.
constexpr std::string_view kMarkTwice = "\xC3\xAF\xC2\xBB\xC2\xBF";
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

void check_icu(UErrorCode status, std::string_view what) {
  W2V_CHECK(U_SUCCESS(status), fmt::format("ICU: {}: {}", what, u_errorName(status)));
}

struct CloseConverter {
  void operator()(UConverter* converter) const { ucnv_close(converter); }
};
using Converter = std::unique_ptr<UConverter, CloseConverter>;

/// Empty if ICU does not know the name.
Converter open_converter(const std::string& name) {
  UErrorCode status = U_ZERO_ERROR;
  Converter converter(ucnv_open(name.c_str(), &status));
  return U_SUCCESS(status) ? std::move(converter) : nullptr;
}

// ---- finding out ------------------------------------------------------------------------------------

struct Mark {
  std::string_view bytes;
  const char* encoding;
};

// UTF-32's little-endian mark begins with UTF-16's.
constexpr Mark kMarks[] = {{kMark, "UTF-8"},
                           {std::string_view("\xFF\xFE\0\0", 4), "UTF-32LE"},
                           {std::string_view("\0\0\xFE\xFF", 4), "UTF-32BE"},
                           {"\xFF\xFE", "UTF-16LE"},
                           {"\xFE\xFF", "UTF-16BE"},
                           {"\x84\x31\x95\x33", "GB18030"}};

const Mark* mark_of(std::string_view bytes) {
  const auto* found = std::find_if(std::begin(kMarks), std::end(kMarks),
                                   [&](const Mark& mark) { return bytes.starts_with(mark.bytes); });
  return found == std::end(kMarks) ? nullptr : found;
}

/// "UTF-16LE" and the like for text without a mark, by where its NUL bytes lie; "" for anything else. In any
/// language times and line ends are ASCII, so one byte of their pairs is 0 and hardly ever the other.
std::string wide_encoding(std::string_view bytes) {
  constexpr size_t kLooked = size_t{1} << 16;
  const std::string_view looked = bytes.substr(0, std::min(kLooked, bytes.size()));
  std::array<size_t, 4> nuls = {};
  for (size_t i = 0; i < looked.size(); ++i) nuls[i % 4] += looked[i] == '\0' ? 1 : 0;
  const size_t even = nuls[0] + nuls[2];
  const size_t odd = nuls[1] + nuls[3];
  const size_t quarter = looked.size() / 4;
  if (quarter > 0 && nuls[0] + quarter / 8 < nuls[3] && nuls[2] > quarter * 7 / 8 &&
      nuls[3] > quarter * 7 / 8)
    return "UTF-32LE";
  if (quarter > 0 && nuls[3] + quarter / 8 < nuls[0] && nuls[0] > quarter * 7 / 8 &&
      nuls[1] > quarter * 7 / 8)
    return "UTF-32BE";
  const auto dominates = [&](size_t many, size_t few) {
    return many > 0 && many >= looked.size() / 16 && many >= 4 * few;
  };
  if (dominates(odd, even)) return "UTF-16LE";
  if (dominates(even, odd)) return "UTF-16BE";
  return "";
}

struct Utf8Count {
  size_t valid = 0;       ///< characters of two bytes
  size_t valid_long = 0;  ///< … of three and four, which other encodings hardly ever look like
  size_t invalid = 0;     ///< sequences
  bool cut_at_end = false;
};

Utf8Count count_utf8(std::string_view bytes) {
  Utf8Count count;
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  const auto size = static_cast<int64_t>(bytes.size());
  for (int64_t at = 0; at < size;) {
    if (data[at] < 0x80) {
      ++at;
      continue;
    }
    UChar32 code = 0;
    U8_NEXT(data, at, size, code);
    ++(code < 0 ? count.invalid : code < 0x800 ? count.valid : count.valid_long);
    count.cut_at_end = code < 0 && at == size;
  }
  return count;
}

/// Text with some broken bytes rather than in an encoding that merely allows them all: in others a run of
/// bytes that is valid UTF-8 is rare.
bool is_mostly_utf8(const Utf8Count& count) {
  if (count.invalid == 1 && count.cut_at_end) return true;
  return count.valid + 4 * count.valid_long >= 2 * count.invalid;
}

/// What `<?xml … encoding="…"?>` says, if ICU knows it and bytes can be of it.
std::string declared_encoding(std::string_view bytes) {
  if (!bytes.starts_with("<?xml")) return "";
  const std::string_view declaration = bytes.substr(0, std::min<size_t>(bytes.find("?>"), 256));
  size_t at = declaration.find("encoding");
  if (at == std::string_view::npos) return "";
  at = declaration.find_first_of("'\"", at);
  if (at == std::string_view::npos) return "";
  const size_t end = declaration.find(declaration[at], at + 1);
  if (end == std::string_view::npos) return "";
  std::string name(declaration.substr(at + 1, end - at - 1));
  std::string small = name;
  for (char& c : small) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  const bool is_false = small.starts_with("utf") || small.starts_with("us-ascii") || small.empty();
  return !is_false && open_converter(name) != nullptr ? name : "";
}

std::string canonical_name(const std::string& name) {
  UErrorCode status = U_ZERO_ERROR;
  const char* standard = ucnv_getStandardName(name.c_str(), "MIME", &status);
  if (standard == nullptr) standard = ucnv_getStandardName(name.c_str(), "IANA", &status);
  return standard == nullptr ? name : standard;
}

/// UTF-16 and UTF-32 without an order of bytes get one.
std::string named_encoding(std::string_view bytes, std::string_view asked) {
  std::string name(asked);
  if (open_converter(name) == nullptr)
    throw ConfigError(
        fmt::format("expected the name of an encoding such as utf-8, windows-1252 or gb18030, found '{}'",
                    printable(asked)));
  name = canonical_name(name);
  if (name != "UTF-16" && name != "UTF-32") return name;
  if (const Mark* mark = mark_of(bytes);
      mark != nullptr && std::string_view(mark->encoding).starts_with(name))
    return mark->encoding;
  const std::string found = wide_encoding(bytes);
  return found.starts_with(name) ? found : name + "LE";
}

struct Choice {
  std::string encoding;
  bool is_guess = false;
};

Choice choose_encoding(std::string_view bytes, std::string_view asked) {
  if (!asked.empty()) return {named_encoding(bytes, asked)};
  if (const Mark* mark = mark_of(bytes)) return {mark->encoding};
  if (std::string wide = wide_encoding(bytes); !wide.empty()) return {std::move(wide)};
  const Utf8Count count = count_utf8(bytes);
  const bool escapes = count.valid + count.valid_long + count.invalid == 0 && has_escape_of_iso_2022(bytes);
  if (!escapes && count.invalid == 0) return {"UTF-8"};
  if (std::string declared = declared_encoding(bytes); !declared.empty()) return {canonical_name(declared)};
  if (!escapes && is_mostly_utf8(count)) return {"UTF-8"};
  return {guessed_encoding(bytes), true};
}

// ---- decoding ---------------------------------------------------------------------------------------

void note_replaced(DecodedText& decoded) {
  if (decoded.replaced++ == 0) decoded.first_replaced = decoded.text.size();
}

void append(DecodedText& decoded, char32_t code, size_t source) {
  char bytes[4];
  int32_t size = 0;
  U8_APPEND_UNSAFE(bytes, size, static_cast<UChar32>(code));
  decoded.text.append(bytes, static_cast<size_t>(size));
  decoded.source.insert(decoded.source.end(), static_cast<size_t>(size), static_cast<uint32_t>(source));
}

void decode_utf8(std::string_view bytes, DecodedText& decoded) {
  if (is_valid_utf8(bytes)) {
    decoded.text = bytes;
    return;
  }
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  const auto size = static_cast<int64_t>(bytes.size());
  decoded.text.reserve(bytes.size());
  decoded.source.reserve(bytes.size());
  for (int64_t at = 0; at < size;) {
    const auto begin = static_cast<size_t>(at);
    UChar32 code = 0;
    U8_NEXT(data, at, size, code);
    if (code < 0) note_replaced(decoded);
    append(decoded, code < 0 ? 0xFFFD : static_cast<char32_t>(code), begin);
  }
}

/// A converter's callback: one U+FFFD for what it cannot read. ICU's own writes U+001A for some encodings.
void replace_unreadable(const void*, UConverterToUnicodeArgs* args, const char*, int32_t,
                        UConverterCallbackReason reason, UErrorCode* status) {
  if (reason > UCNV_IRREGULAR) return;
  constexpr UChar kCode = 0xFFFD;
  *status = U_ZERO_ERROR;
  ucnv_cbToUWriteUChars(args, &kCode, 1, 0, status);
}

/// What a converter hands out, piece by piece, as UTF-8 with its places.
class Utf16Sink {
 public:
  explicit Utf16Sink(DecodedText& decoded) : decoded_(decoded) {}

  void put(std::span<const UChar> units, std::span<const int32_t> offsets, size_t piece, size_t pending) {
    for (size_t i = 0; i < units.size(); ++i) {
      // An offset below 0: it began in the piece before.
      const size_t source = offsets[i] < 0 ? piece - pending : piece + static_cast<size_t>(offsets[i]);
      put(units[i], std::max(source, last_));
    }
  }
  void finish() {
    if (lead_ != 0) put_code(0xFFFD, lead_source_);
    lead_ = 0;
  }

 private:
  void put(UChar unit, size_t source) {
    last_ = source;
    if (lead_ != 0 && U16_IS_TRAIL(unit)) {
      put_code(static_cast<char32_t>(U16_GET_SUPPLEMENTARY(lead_, unit)), lead_source_);
      lead_ = 0;
      return;
    }
    finish();
    if (U16_IS_LEAD(unit)) {
      lead_ = unit;
      lead_source_ = source;
    } else {
      put_code(U16_IS_TRAIL(unit) ? 0xFFFD : unit, source);
    }
  }
  void put_code(char32_t code, size_t source) {
    if (code == 0xFFFD) note_replaced(decoded_);
    append(decoded_, code, source);
  }

  DecodedText& decoded_;
  UChar lead_ = 0;
  size_t lead_source_ = 0;
  size_t last_ = 0;
};

void decode_other(std::string_view bytes, DecodedText& decoded) {
  // No encoding makes more than this of a byte, so a piece never overflows its room.
  constexpr size_t kPiece = size_t{1} << 16;
  constexpr size_t kUnits = 4 * kPiece + 64;
  const Converter converter = open_converter(decoded.encoding);
  W2V_CHECK(converter != nullptr, "an encoding that ICU does not know");
  UErrorCode status = U_ZERO_ERROR;
  ucnv_setToUCallBack(converter.get(), &replace_unreadable, nullptr, nullptr, nullptr, &status);
  check_icu(status, decoded.encoding);
  std::vector<UChar> units(kUnits);
  std::vector<int32_t> offsets(kUnits);
  decoded.text.reserve(bytes.size());
  decoded.source.reserve(bytes.size());
  Utf16Sink sink(decoded);
  for (size_t piece = 0; piece < bytes.size(); piece += kPiece) {
    const size_t end = std::min(piece + kPiece, bytes.size());
    const auto pending = static_cast<size_t>(std::max(0, ucnv_toUCountPending(converter.get(), &status)));
    const char* source = bytes.data() + piece;
    UChar* target = units.data();
    ucnv_toUnicode(converter.get(), &target, units.data() + kUnits, &source, bytes.data() + end,
                   offsets.data(), end == bytes.size(), &status);
    check_icu(status, decoded.encoding);
    const auto count = static_cast<size_t>(target - units.data());
    sink.put(std::span(units).first(count), std::span(offsets).first(count), piece, std::min(pending, piece));
  }
  sink.finish();
}

/// Drops `bytes` at the beginning of the text.
void drop_front(DecodedText& decoded, size_t bytes) {
  decoded.text.erase(0, bytes);
  if (decoded.source.empty()) {
    decoded.skipped += bytes;
  } else {
    decoded.source.erase(decoded.source.begin(), decoded.source.begin() + static_cast<ptrdiff_t>(bytes));
  }
  decoded.first_replaced -= std::min(decoded.first_replaced, bytes);
}

}  // namespace

size_t DecodedText::source_of(size_t at) const {
  W2V_CHECK(at <= text.size(), "a place behind the text's end");
  if (at == text.size()) return source_size;
  return source.empty() ? at + skipped : source[at];
}

DecodedText decode_text(std::string_view bytes, std::string_view encoding) {
  if (bytes.size() > UINT32_MAX)
    throw DataError(fmt::format("expected a text of less than 4 GiB, found {} bytes", bytes.size()));
  const Choice choice = choose_encoding(bytes, encoding);
  DecodedText decoded;
  decoded.encoding = choice.encoding;
  decoded.is_guess = choice.is_guess;
  decoded.source_size = bytes.size();
  const Mark* mark = mark_of(bytes);
  decoded.has_bom = mark != nullptr && mark->encoding == decoded.encoding;
  if (decoded.encoding == "UTF-8") {
    decode_utf8(bytes, decoded);
  } else {
    decode_other(bytes, decoded);
  }
  // Some converters leave the mark out themselves; then there is one less here.
  const bool shown = decoded.text.starts_with(kMark);
  if (shown) drop_front(decoded, kMark.size());
  if (shown && mark == nullptr) decoded.has_bom = true;
  while (decoded.text.starts_with(kMarkTwice) || decoded.text.starts_with(kMark)) {
    drop_front(decoded, decoded.text.starts_with(kMark) ? kMark.size() : kMarkTwice.size());
    decoded.has_double_bom = true;
  }
  return decoded;
}

std::string encode_text(std::string_view utf8, const std::string& encoding) {
  if (encoding == "UTF-8") return std::string(utf8);
  const Converter converter = open_converter(encoding);
  W2V_CHECK(converter != nullptr, "an encoding that ICU does not know");
  UErrorCode status = U_ZERO_ERROR;
  std::vector<UChar> units(utf8.size() + 1);
  int32_t count = 0;
  u_strFromUTF8(units.data(), static_cast<int32_t>(units.size()), &count, utf8.data(),
                static_cast<int32_t>(utf8.size()), &status);
  check_icu(status, "UTF-8");
  std::string bytes(
      static_cast<size_t>(UCNV_GET_MAX_BYTES_FOR_STRING(count, ucnv_getMaxCharSize(converter.get()))), '\0');
  const int32_t size = ucnv_fromUChars(converter.get(), bytes.data(), static_cast<int32_t>(bytes.size()),
                                       units.data(), count, &status);
  check_icu(status, encoding);
  bytes.resize(static_cast<size_t>(size));
  return bytes;
}

}  // namespace wav2vec
