#include "subtitle/encoding_guess.h"

#include <unicode/uchar.h>
#include <unicode/ucnv.h>
#include <unicode/ucsdet.h>
#include <unicode/uscript.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

namespace wav2vec {
namespace {

uint8_t byte_at(std::string_view text, size_t at) {
  return at < text.size() ? static_cast<uint8_t>(text[at]) : 0;
}

/// Lines that are not ASCII, for statistics look at some thousand bytes only.
std::string telling_lines(std::string_view bytes) {
  constexpr size_t kEnough = 8000;
  std::string lines;
  for (size_t at = 0; at < bytes.size() && lines.size() < kEnough;) {
    const size_t end = std::min(bytes.find_first_of("\r\n", at), bytes.size());
    const std::string_view line = bytes.substr(at, end - at);
    at = end + 1;
    const bool tells = std::any_of(line.begin(), line.end(), [](char c) {
      return static_cast<unsigned char>(c) >= 0x80 || c == '\x1B';
    });
    if (!tells) continue;
    lines += line.substr(0, kEnough);
    lines += '\n';
  }
  return lines;
}

// ---- two bytes a character ----------------------------------------------------------------------------

/// How the characters of two bytes lie in the table of one encoding. In text of that encoding nearly all are
/// common, in any other text about as many as chance wants.
struct Pairs {
  size_t count = 0;
  size_t common = 0;
  size_t kana = 0;       ///< and Japanese punctuation
  size_t low_trail = 0;  ///< the second byte is ASCII
  size_t broken = 0;

  bool fits(double share) const {
    return count >= 2 && broken * 50 <= count &&
           static_cast<double>(common) >= share * static_cast<double>(count);
  }
};

using IsPair = bool (*)(uint8_t lead, uint8_t trail);

Pairs count_pairs(std::string_view text, IsPair is_pair, IsPair is_common, IsPair is_kana) {
  Pairs pairs;
  for (size_t at = 0; at < text.size(); ++at) {
    const uint8_t lead = byte_at(text, at);
    if (lead < 0x80) continue;
    const uint8_t trail = byte_at(text, at + 1);
    if (!is_pair(lead, trail)) {
      // What is cut at the end of a line that was too long does not count.
      if (at + 1 < text.size() && !(at + 2 >= text.size())) ++pairs.broken;
      continue;
    }
    ++pairs.count;
    pairs.common += is_common(lead, trail) ? 1 : 0;
    pairs.kana += is_kana(lead, trail) ? 1 : 0;
    pairs.low_trail += trail < 0x80 ? 1 : 0;
    ++at;
  }
  return pairs;
}

bool is_in(uint8_t byte, int first, int last) { return byte >= first && byte <= last; }

bool is_euc(uint8_t lead, uint8_t trail) { return is_in(lead, 0xA1, 0xFE) && is_in(trail, 0xA1, 0xFE); }
bool is_gbk(uint8_t lead, uint8_t trail) {
  return is_in(lead, 0x81, 0xFE) && is_in(trail, 0x40, 0xFE) && trail != 0x7F;
}
bool is_big5(uint8_t lead, uint8_t trail) {
  return is_in(lead, 0xA1, 0xF9) && (is_in(trail, 0x40, 0x7E) || is_in(trail, 0xA1, 0xFE));
}
bool is_shift_jis(uint8_t lead, uint8_t trail) {
  return (is_in(lead, 0x81, 0x9F) || is_in(lead, 0xE0, 0xFC)) && is_in(trail, 0x40, 0xFC) && trail != 0x7F;
}
bool is_never(uint8_t, uint8_t) { return false; }

bool is_common_gb(uint8_t lead, uint8_t trail) {
  return trail >= 0xA1 && (is_in(lead, 0xB0, 0xD7) || lead == 0xA1 || lead == 0xA3);
}
bool is_common_big5(uint8_t lead, uint8_t) { return is_in(lead, 0xA4, 0xC6) || lead == 0xA1; }
bool is_common_korean(uint8_t lead, uint8_t) {
  return is_in(lead, 0xB0, 0xC8) || lead == 0xA1 || lead == 0xA3;
}
bool is_common_euc_jp(uint8_t lead, uint8_t) { return is_in(lead, 0xB0, 0xCF) || is_in(lead, 0xA1, 0xA5); }
bool is_kana_euc_jp(uint8_t lead, uint8_t) { return lead == 0xA4 || lead == 0xA5; }
bool is_common_shift_jis(uint8_t lead, uint8_t) { return is_in(lead, 0x81, 0x83) || is_in(lead, 0x88, 0x98); }
bool is_kana_shift_jis(uint8_t lead, uint8_t trail) {
  return (lead == 0x82 && trail >= 0x9F) || (lead == 0x83 && trail <= 0x96) ||
         (lead == 0x81 && trail <= 0x78);
}

/// "" if it is of none of these encodings.
std::string guessed_pairs(std::string_view text) {
  const auto has_kana = [](const Pairs& pairs) { return pairs.kana * 10 >= pairs.count * 3; };
  const Pairs shift_jis = count_pairs(text, is_shift_jis, is_common_shift_jis, is_kana_shift_jis);
  // Half-width katakana are single bytes, which is all that counts as broken here.
  Pairs without_half = shift_jis;
  if (shift_jis.broken * 4 <= shift_jis.count) without_half.broken = 0;
  if (without_half.fits(0.9) && has_kana(shift_jis)) return "Shift_JIS";
  const Pairs euc_jp = count_pairs(text, is_euc, is_common_euc_jp, is_kana_euc_jp);
  if (euc_jp.fits(0.9) && has_kana(euc_jp)) return "EUC-JP";
  const Pairs korean = count_pairs(text, is_euc, is_common_korean, is_never);
  if (korean.count >= 5 && korean.fits(0.97)) return "EUC-KR";
  const Pairs gb = count_pairs(text, is_gbk, is_common_gb, is_never);
  const Pairs big5 = count_pairs(text, is_big5, is_common_big5, is_never);
  const bool is_gb = gb.fits(0.85);
  // Of Big5's second bytes more than a third are ASCII.
  if (big5.fits(0.85) && big5.low_trail > 0 && !(is_gb && gb.common >= big5.common)) return "Big5";
  return is_gb ? "GB18030" : "";
}

// ---- one byte a character -----------------------------------------------------------------------------

struct CloseConverter {
  void operator()(UConverter* converter) const { ucnv_close(converter); }
};

/// Empty if the encoding is unknown or does not have every byte.
std::vector<UChar> decoded(std::string_view text, const std::string& name) {
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<UConverter, CloseConverter> converter(ucnv_open(name.c_str(), &status));
  if (U_FAILURE(status)) return {};
  ucnv_setToUCallBack(converter.get(), UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &status);
  std::vector<UChar> units(2 * text.size() + 1);
  const int32_t count = ucnv_toUChars(converter.get(), units.data(), static_cast<int32_t>(units.size()),
                                      text.data(), static_cast<int32_t>(text.size()), &status);
  if (U_FAILURE(status)) return {};
  units.resize(static_cast<size_t>(count));
  return units;
}

/// Words that nobody writes: of two scripts, with a small letter before a capital, with an accent or sign
/// in front.
struct Words {
  size_t all = 0;
  size_t odd = 0;

  bool are_likely() const { return all > 0 && odd * 5 <= all; }
};

class WordJudge {
 public:
  void put(UChar unit) {
    const auto code = static_cast<UChar32>(unit);
    const uint32_t mask = U_GET_GC_MASK(code);
    const bool letter = (mask & U_GC_L_MASK) != 0;
    const bool mark = (mask & U_GC_M_MASK) != 0;
    if (unit >= 0x80 && unit < 0xA0) odd_ = telling_ = true;
    if (!letter && !mark) return end();
    telling_ = telling_ || unit >= 0x80;
    if (mark) {
      odd_ = odd_ || !in_word_;
      in_word_ = true;
      return;
    }
    UErrorCode status = U_ZERO_ERROR;
    const UScriptCode script = uscript_getScript(code, &status);
    if (script != USCRIPT_COMMON) {
      odd_ = odd_ || (script_ != USCRIPT_COMMON && script_ != script);
      script_ = script;
    }
    ++letters_;
    ascii_ += unit < 0x80 ? 1 : 0;
    const bool capital = u_isupper(code);
    odd_ = odd_ || (capital && after_small_);
    after_small_ = u_islower(code);
    in_word_ = true;
  }

  Words finish() {
    end();
    return words_;
  }

 private:
  void end() {
    // Latin words are not of accented letters alone.
    odd_ = odd_ || (script_ == USCRIPT_LATIN && letters_ >= 3 && ascii_ == 0);
    if (telling_) {
      ++words_.all;
      words_.odd += odd_ ? 1 : 0;
    }
    in_word_ = odd_ = telling_ = after_small_ = false;
    script_ = USCRIPT_COMMON;
    letters_ = ascii_ = 0;
  }

  Words words_;
  size_t letters_ = 0;
  size_t ascii_ = 0;
  bool in_word_ = false;
  bool odd_ = false;
  bool telling_ = false;  ///< it has a letter that is not ASCII
  bool after_small_ = false;
  UScriptCode script_ = USCRIPT_COMMON;
};

Words words_in(const std::vector<UChar>& units) {
  WordJudge judge;
  for (const UChar unit : units) judge.put(unit);
  return judge.finish();
}

/// Windows' superset, where a letter of the other encoding would be a control character that nobody writes.
std::string superset_of(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> kSupersets[] = {{"ISO-8859-1", "windows-1252"},
                                                                          {"ISO-8859-7", "windows-1253"},
                                                                          {"ISO-8859-8", "windows-1255"},
                                                                          {"ISO-8859-8-I", "windows-1255"},
                                                                          {"ISO-8859-9", "windows-1254"}};
  for (const auto& [part, whole] : kSupersets) {
    if (name == part) return std::string(whole);
  }
  return std::string(name);
}

/// ICU's guesses, the best one first, without what cannot be.
std::vector<std::string> guesses_of_icu(const std::string& lines) {
  std::vector<std::string> guesses;
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<UCharsetDetector, void (*)(UCharsetDetector*)> detector(ucsdet_open(&status),
                                                                                &ucsdet_close);
  ucsdet_setText(detector.get(), lines.data(), static_cast<int32_t>(lines.size()), &status);
  int32_t count = 0;
  const UCharsetMatch** matches = ucsdet_detectAll(detector.get(), &count, &status);
  // An error, too, when no encoding fits.
  if (U_FAILURE(status)) return guesses;
  for (int32_t i = 0; i < count; ++i) {
    const char* name = ucsdet_getName(matches[i], &status);
    if (U_FAILURE(status)) return guesses;
    // Mainframes' encodings and those that were ruled out before.
    const std::string_view view = name;
    if (!view.starts_with("IBM") && !view.starts_with("UTF")) guesses.push_back(superset_of(view));
  }
  return guesses;
}

/// Thai, which ICU does not tell: consonants, with vowels and tones on them.
bool is_thai(std::string_view lines, const std::vector<UChar>& units) {
  const auto high = static_cast<size_t>(std::count_if(
      lines.begin(), lines.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }));
  const auto consonants = static_cast<size_t>(
      std::count_if(units.begin(), units.end(), [](UChar c) { return c >= 0x0E01 && c <= 0x0E2E; }));
  return high >= 4 && consonants * 20 >= high * 9 && words_in(units).odd == 0;
}

/// Turkish with windows-1252's letters ş ğ ı İ Ş has þ ð ý Ý Þ, and none of the vowels of Icelandic.
bool is_turkish(std::string_view lines) {
  return lines.find_first_of("\xFE\xF0\xFD\xDD\xDE") != std::string_view::npos &&
         lines.find_first_of("\xE1\xE9\xED\xF3\xFA\xE6") == std::string_view::npos;
}

bool has_pairs(std::string_view name) {
  constexpr std::string_view kNames[] = {"Shift_JIS", "EUC-JP", "EUC-KR", "Big5", "GB18030"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

}  // namespace

bool has_escape_of_iso_2022(std::string_view bytes) {
  for (size_t at = bytes.find('\x1B'); at != std::string_view::npos; at = bytes.find('\x1B', at + 1)) {
    const std::string_view rest = bytes.substr(at + 1, 2);
    if (rest == "$B" || rest == "$@" || rest == "$)" || rest == "(J") return true;
  }
  return false;
}

std::string guessed_encoding(std::string_view bytes) {
  const std::string lines = telling_lines(bytes);
  if (std::string pairs = guessed_pairs(lines); !pairs.empty()) return pairs;
  if (is_thai(lines, decoded(lines, "windows-874"))) return "windows-874";
  const std::vector<std::string> guesses = guesses_of_icu(lines);
  std::vector<std::string> tried = guesses;
  // For text too short for ICU.
  for (const char* name : {"windows-1251", "windows-1256", "windows-1255", "windows-1253", "windows-1252"})
    tried.emplace_back(name);
  for (const std::string& name : tried) {
    if (has_pairs(name) || !words_in(decoded(lines, name)).are_likely()) continue;
    return name == "windows-1252" && is_turkish(lines) ? "windows-1254" : name;
  }
  // Several bytes a character, or one that has no words.
  for (const std::string& name : guesses) {
    if (!decoded(lines, name).empty()) return name;
  }
  return "windows-1252";
}

}  // namespace wav2vec
