// Texts as letters, and as phones where the build has espeak-ng.

#include "wav2vec/text/token_reader.h"

#include <doctest/doctest.h>

#include <iostream>
#include <optional>

#include "text/espeak.h"
#include "wav2vec/core/error.h"
#include "wav2vec/text/character_tokens.h"
#include "wav2vec/text/phone_tokens.h"
#include "wav2vec/text/token_set.h"

namespace wav2vec {
namespace {

/// Nothing in a build without espeak-ng, which says so.
std::optional<TokenReader> phone_reader(const std::string& language, size_t max_readings = 1) {
  try {
    return TokenReader({.language = language, .max_readings = max_readings}, TokenKind::phones);
  } catch (const ConfigError& error) {
    if (std::string_view(error.what()).find("built without espeak-ng") == std::string_view::npos) throw;
    std::cout << "SKIPPED, nothing was checked: " << error.what() << "\n";
    return std::nullopt;
  }
}

std::string phones_of(const TokenReader& reader, std::string_view text) {
  return text_of_tokens(TokenKind::phones, usual_tokens(reader.read(text)));
}

}  // namespace

TEST_CASE("token reader: letters are those of the usual reading, each with its bytes") {
  const TextOptions options{.language = "en"};
  const TokenReader reader(options);
  CHECK(reader.kind() == TokenKind::letters);
  const std::string text = "It's 1905, <i>no</i> $5!";
  const TokenText read = reader.read(text);
  const TextReading expected = TextReader(options).read(text);
  CHECK(usual_tokens(read) == encode(default_reading(expected).text));
  CHECK(usual_letters(read) == default_reading(expected).text);
  REQUIRE(read.segments.size() == expected.segments.size());
  for (size_t s = 0; s < read.segments.size(); ++s) {
    CHECK(read.segments[s].source == expected.segments[s].source);
    REQUIRE(read.segments[s].readings.size() == expected.segments[s].readings.size());
    for (size_t r = 0; r < read.segments[s].readings.size(); ++r)
      CHECK(read.segments[s].readings[r].source == expected.segments[s].readings[r].source);
  }
  CHECK(reader.read("").segments.empty());
  CHECK(reader.read("").scorable_share == 0.0);
  CHECK(reader.read("a").scorable_share == 1.0);
}

TEST_CASE("token reader: phones of words as they are said among others, word by word") {
  const auto en = phone_reader("en");
  if (!en) return;
  CHECK(en->kind() == TokenKind::phones);
  // espeak-ng says "in the" and "of a" as one; "a" alone is the name of a letter.
  CHECK(phones_of(*en, "In the house of a friend.") == "ɪn ðə haʊs əv ə fɹɛnd");
  CHECK(phones_of(*en, "don’t, the apple") == "doʊnt ðɪ æpəl");
  CHECK(phones_of(*en, "well-known") == "wɛl noʊn");
  CHECK(phones_of(*en, "HELLO, US IT IS") == phones_of(*en, "hello, us it is"));
  CHECK(phones_of(*en, "the U.S.A.") == "ðə juɛseɪ");
  CHECK(phones_of(*en, "it cost $5") == "ɪt kɔst faɪv dɑlɚz");
  CHECK(phones_of(*en, "[sighs] JOHN: ... ♪").empty());
  const TokenText read = en->read("  of <i>the</i> 25");
  REQUIRE(read.segments.size() == 3);
  CHECK(read.segments[1].source == ByteRange{8, 11});
  for (const ByteRange& source : read.segments[1].readings[0].source) CHECK(source == ByteRange{8, 11});
  CHECK(read.segments[1].readings[0].tokens.size() == 2);
  CHECK(read.segments[2].readings[0].letters == "twenty five");
}

TEST_CASE("token reader: phones in other languages, in their own scripts") {
  struct Case {
    const char* language;
    const char* text;
    const char* phones;
  };
  for (const Case& c :
       {Case{"cs", "V domě s matkou, k řece.", "v domɲe s matkoʊ k r̝etse"},
        Case{"cs", "za 25 Kč", "za dvatset pjet korun"}, Case{"nl", "zo'n huis", "zon hœys"},
        Case{"es", "El niño ¿qué?", "el niɲo ke"}, Case{"fr", "les amis aujourd'hui", "lez ami oʒuʁdyi"},
        Case{"it", "l'uomo", "lwɔmo"}, Case{"ru", "в доме с weekend", "v domi s wikɛnd"},
        Case{"de", "schön um 3:30", "ʃøn ʊm dɾaɪ uɾ dɾaɪsɪç"}, Case{"zh", "你好", "niχɑu"},
        Case{"ja", "25円", "nidʑɯɯɡo eŋ"}}) {
    const auto reader = phone_reader(c.language);
    if (!reader) return;
    CHECK_MESSAGE(phones_of(*reader, c.text) == c.phones, c.text);
  }
  // A script that the language is not written in is read in Latin letters and not spelled.
  const auto en = phone_reader("en");
  CHECK(phones_of(*en, "Москва") == phones_of(*en, "moskva"));
}

TEST_CASE("token reader: every reading has phones of its own") {
  const auto en = phone_reader("en", 4);
  if (!en) return;
  const TokenText read = en->read("in 1905 it");
  REQUIRE(read.segments.size() == 3);
  const std::vector<TokenReading>& readings = read.segments[1].readings;
  REQUIRE(readings.size() >= 2);
  CHECK(readings[0].letters != readings[1].letters);
  CHECK(readings[0].tokens != readings[1].tokens);
  for (const TokenReading& reading : readings) {
    CHECK(reading.tokens.size() == reading.source.size());
    CHECK(reading.tokens.front() != kGapToken);
    CHECK(reading.tokens.back() != kGapToken);
  }
}

TEST_CASE("token reader: long texts and languages without a voice") {
  const auto en = phone_reader("en");
  if (!en) return;
  std::string text;
  for (int i = 0; i < 500; ++i) text += "of the house ";
  CHECK(en->read(text).segments.size() == 1500);
  for (const TokenSegment& segment : en->read(text).segments) CHECK_FALSE(segment.readings[0].tokens.empty());
  CHECK_FALSE(en->read(std::string(5000, 'x')).segments[0].readings[0].tokens.empty());
  CHECK_THROWS_AS(TokenReader({.language = "xx"}, TokenKind::phones), ConfigError);
  CHECK_THROWS_AS(TokenReader({.language = "km"}, TokenKind::phones), ConfigError);
  CHECK_THROWS_AS(espeak_voice("../../x"), ConfigError);
  CHECK_NOTHROW(TokenReader({.language = "pt-BR"}, TokenKind::phones));
}

TEST_CASE("token reader: the symbols of espeak-ng are in the list of phones") {
  if (!phone_reader("en")) return;
  struct Case {
    const char* language;
    const char* text;
  };
  for (const Case& c :
       {Case{"en", "The quick brown fox jumps over the lazy dog; measure, judge, thing, bird, water, choir"},
        Case{"en-GB", "The quick brown fox jumps over the lazy dog; measure, judge, thing, bird, near, poor"},
        Case{"de",
             "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich, Pfeife, Genie, Ängste, Bäche"},
        Case{"fr",
             "Portez ce vieux whisky au juge blond qui fume, un bon vin blanc, agneau, oui, huit, œuf, peur"},
        Case{"es", "El veloz murciélago hindú comía feliz cardillo y kiwi, jirafa, lluvia, perro, señor"},
        Case{"it", "Quel vituperabile xenofobo zelante assaggia il whisky, gnocchi, famiglia, sciocco"},
        Case{"cs", "Příliš žluťoučký kůň úpěl ďábelské ódy, řeřicha, třešně, banka, džez"},
        Case{"nl", "Pa's wijze lynx bezag vroom het fikse aquaduct, schoon, ui, neus, gezellig"},
        Case{"ru", "Съешь ещё этих мягких французских булок, да выпей чаю, жюри, дочь"},
        Case{"pl", "Zażółć gęślą jaźń, chrząszcz brzmi w trzcinie, dźwięk"},
        Case{"pt-BR", "Zebras caolhas de Java querem passar fax, coração, muito, filho, manhã"},
        Case{"sv", "Flygande bäckasiner söka hvila på mjuka tuvor, sju, kärlek, barn, först"},
        Case{"da", "Quizdeltagerne spiste jordbær med fløde, rødgrød, mad, kage"},
        Case{"fi", "Törkylempijävongahdus, hyvää yötä"},
        Case{"hu", "Árvíztűrő tükörfúrógép, gyár, nyúl, dzsem"},
        Case{"tr", "Pijamalı hasta yağız şoföre çabucak güvendi"},
        Case{"el", "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία"},
        Case{"uk", "Щастя, їжак, ґанок, дзвін"},
        Case{"hi", "नमस्ते, धन्यवाद, ठीक, बड़ा, ज्ञान"},
        Case{"ar", "مرحبا، صباح الخير، قلب، ضوء"},
        Case{"ja", "いろはにほへと、らりるれろ、しゃしん、つき、ふじ"},
        Case{"ko", "안녕하세요, 고맙습니다, 빨리"},
        Case{"vi", "Xin chào, cảm ơn, người, được"}}) {
    const std::string voice = espeak_voice(c.language);
    for (const std::string& phones : espeak_phones(voice, c.text))
      CHECK_MESSAGE(phones_of_ipa(phones).unknown == 0, c.language, ": ", phones);
  }
}

}  // namespace wav2vec
