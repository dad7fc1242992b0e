#include "wav2vec/text/text_reader.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <string>
#include <vector>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/rng.h"
#include "wav2vec/text/character_tokens.h"
#include "wav2vec/text/token_set.h"

namespace wav2vec {
namespace {

const TextReader& reader_of(const std::string& language) {
  static std::map<std::string, TextReader> readers;
  const auto found = readers.find(language);
  if (found != readers.end()) return found->second;
  TextOptions options;
  options.language = language;
  options.max_readings = 6;
  return readers.emplace(language, TextReader(options)).first->second;
}

std::string read(const std::string& language, const std::string& text) {
  return default_reading(reader_of(language).read(text)).text;
}

std::vector<std::string> choices(const Segment& segment) {
  std::vector<std::string> texts;
  for (const Reading& reading : segment.readings) texts.push_back(reading.text);
  return texts;
}

bool has(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

struct Case {
  std::string text;
  std::string reading;
};

void check_all(const std::string& language, const std::vector<Case>& cases) {
  for (const auto& [text, reading] : cases) {
    CAPTURE(language);
    CAPTURE(text);
    CHECK(read(language, text) == reading);
  }
}

TEST_CASE("English") {
  check_all(
      "en",
      {{"It's 10:30.", "it's ten thirty"},
       {"10:05 or 10:00", "ten oh five or ten o'clock"},
       {"In 1984, 2005 and 1066", "in nineteen eighty four two thousand five and one thousand sixty six"},
       {"$2.50, €5, £1,234", "two dollars fifty five euros one thousand two hundred thirty four pounds"},
       {"$1 and £0.01", "one dollar and one penny"},
       {"$5 million", "five million dollars"},
       {"2.5 3.14", "two point five three point one four"},
       {"50% of 72°F", "fifty percent of seventy two degrees fahrenheit"},
       {"-5°C", "minus five degrees celsius"},
       {"1/2, 3/4, 2/3, 2½", "one half three quarters two thirds two and a half"},
       {"24/7", "twenty four seven"},
       {"10-20", "ten to twenty"},
       {"the 1st, 22nd, 103rd", "the first twenty second one hundred third"},
       {"555-1234", "five five five one two three four"},
       {"the 1940s, 1840's, '90s", "the nineteen forties eighteen forties nineties"},
       {"2020-01-31", "twenty twenty one thirty one"},
       {"007", "zero zero seven"},
       {"1,000,000", "one million"},
       {"1, 2, 3", "one two three"},
       {"AT&T = A+", "at and t equals a plus"},
       {"me@home #3", "me at home number three"},
       {"Dr. Smith, No. 5", "doctor smith number five"},
       {"No. Never.", "no never"},
       {"St. Mary on Main St.", "saint mary on main street"},
       {"the U.S.A. and MP3", "the u s a and mp three"},
       {"don’t rock ‘n’ roll", "don't rock n roll"},
       {"well-known — naïve", "well known naive"},
       {"x²", "x two"},
       {"HELLO World", "hello world"},
       {"ｆｕｌｌ １２", "full twelve"},
       {"ﬁne", "fine"},
       {"", ""},
       {"?! … 😀 ©", ""}});
}

TEST_CASE("German, Dutch") {
  check_all("de", {{"Straße, Übermut, Äpfel", "strasse ubermut apfel"},
                   {"25,50 €", "funfundzwanzig euro funfzig"},
                   {"1 €", "ein euro"},
                   {"1.234 km", "eintausendzweihundertvierunddreissig km"},
                   {"2,5 %", "zwei komma funf prozent"},
                   {"um 10:30", "um zehn uhr dreissig"},
                   {"1984", "neunzehnhundertvierundachtzig"},
                   {"am 3. Oktober", "am dritte oktober"},
                   {"Er hat 3.", "er hat drei"},
                   {"Müller & Co", "muller und co"}});
  const TextReading date = reader_of("de").read("am 3. Oktober");
  CHECK(has(choices(date.segments[1]), "dritten"));
  CHECK(has(choices(date.segments[1]), "drei"));
  check_all("nl", {{"€ 12,50", "twaalf euro vijftig"},
                   {"de 1e keer", "de eerste keer"},
                   {"om 10:30", "om tien uur dertig"},
                   {"25%", "vijfentwintig procent"},
                   {"1984", "negentienvierentachtig"},
                   {"zo'n één", "zo'n een"}});
}

TEST_CASE("French, Spanish, Italian") {
  check_all("fr", {{"L’été, œuvre, garçon", "l'ete oeuvre garcon"},
                   {"25 000 €", "vingt cinq mille euros"},
                   {"25\u202F000 €", "vingt cinq mille euros"},
                   {"1 234,5", "mille deux cent trente quatre virgule cinq"},
                   {"80 %", "quatre vingts pour cent"},
                   {"10h30", "dix heures trente"},
                   {"1:00", "une heure"},
                   {"1er, 2e, 1re", "premier deuxieme premiere"},
                   {"1984", "mille neuf cent quatre vingt quatre"},
                   {"1 £", "une livre"}});
  check_all("es", {{"¿Qué mañana?", "que manana"},
                   {"21 €", "veintiun euros"},
                   {"1.500,25", "mil quinientos coma dos cinco"},
                   {"El 1º y la 1ª", "el primero y la primera"},
                   {"50 % y ½", "cincuenta por ciento y un medio"},
                   {"1984", "mil novecientos ochenta y cuatro"}});
  check_all("it", {{"perché no? L'8%", "perche no l otto per cento"},
                   {"1.000 lire", "mille lire"},
                   {"1984", "millenovecentottantaquattro"},
                   {"2,5", "due virgola cinque"},
                   {"1º piano", "primo piano"}});
}

TEST_CASE("Czech, Polish") {
  check_all("cs", {{"Stálo to 25 Kč.", "stalo to dvacet pet korun"},
                   {"1 Kč, 2 Kč, 5 Kč", "jedna koruna dve koruny pet korun"},
                   {"2,5 %", "dve cele pet procenta"},
                   {"Roku 1984", "roku tisic devet set osmdesat ctyri"},
                   {"3. října", "treti rijna"},
                   {"10:30", "deset hodin tricet"},
                   {"Příliš žluťoučký kůň", "prilis zlutoucky kun"},
                   {"10 000", "deset tisic"}});
  const TextReading year = reader_of("cs").read("1984");
  CHECK(has(choices(year.segments[0]), "devatenact set osmdesat ctyri"));
  const TextReading date = reader_of("cs").read("21. října");
  CHECK(choices(date.segments[0])[0] == "dvacaty prvni");
  CHECK(has(choices(date.segments[0]), "dvacateho prvniho"));
  CHECK(has(choices(date.segments[0]), "dvacet jeden"));
  check_all("pl",
            {{"2 zł, 5 zł, 25 zł", "dwa zlote piec zlotych dwadziescia piec zlotych"}, {"Łódź", "lodz"}});
}

TEST_CASE("Russian, Greek") {
  check_all("ru", {{"Щука, объём, Юля", "shchuka obyem yulya"},
                   {"1 ₽, 2 ₽, 5 руб.", "odin rubl dva rublya pyat rubley"},
                   {"2,5", "dve tselykh pyat desyatykh"},
                   {"2-й, 1-я", "vtoroy pervaya"},
                   {"5 %", "pyat protsentov"},
                   {"1984", "tysyacha devyatsot vosemdesyat chetyre"}});
  check_all("el", {{"Καλημέρα Ελλάδα", "kalimera ellada"},
                   {"ευχαριστώ, μπαρ", "efcharisto bar"},
                   {"25 €, 50%", "eikosi pente evro peninta tois ekato"},
                   {"1ος", "protos"}});
}

TEST_CASE("Japanese: kana and numbers are read, kanji are not") {
  check_all("ja", {{"スーパー", "supa"},
                   {"きょう", "kyou"},
                   {"333", "sanbyakusanjuusan"},
                   {"1000円", "sen en"},
                   {"2.5", "ni ten go"},
                   {"ｶﾞｯｺｳ", "gakkou"}});
  const TextReading tower = reader_of("ja").read("東京タワー");
  CHECK(tower.letters == 5);
  CHECK(tower.unscored == 2);
  CHECK(default_reading(tower).text == "tawa");
  // In any language, kana say that a text is Japanese.
  CHECK(read("en", "東京タワー") == "tawa");
}

TEST_CASE("Chinese: words by dictionary, in pinyin") {
  const TextReading text = reader_of("zh").read("我爱北京天安门，25%。");
  std::vector<std::string> words;
  for (const Segment& segment : text.segments) words.push_back(segment.readings[0].text);
  CHECK(words == std::vector<std::string>{"wo", "ai", "beijing", "tiananmen", "baifenzhi ershiwu"});
  CHECK(text.segments[2].source == ByteRange{6, 12});
  CHECK(text.segments[4].source == ByteRange{24, 27});
  CHECK(text.unscored == 0);
  check_all("zh", {{"1984年", "yijiubasi nian"}, {"¥25", "ershiwu yuan"}, {"105", "yibailingwu"}});
}

TEST_CASE("Arabic, Hebrew, Hindi, Thai, Korean") {
  check_all("ar", {{"مرحبا بالعالم", "mrhba balalm"}, {"٢٥", "khmst wshrwn"}});
  check_all("he", {{"שלום עולם", "shlwm wlm"}, {"צה״ל", "zhl"}});
  check_all("hi",
            {{"नमस्ते राम", "namaste ram"}, {"चाय", "chay"}, {"२५", "pachchis"}, {"₹100", "ek sau rupaye"}});
  check_all("th", {{"สวัสดีครับ", "swasdi khrab"}, {"25 บาท", "yi sib ha bath"}, {"฿100", "hnung roy bath"}});
  check_all("ko", {{"안녕하세요", "annyeonghaseyo"}});
  CHECK(reader_of("th").read("สวัสดีครับ").segments.size() == 2);
}

TEST_CASE("letters of other Latin alphabets") {
  check_all("en", {{"ß æ ø ł ð þ œ đ ı", "ss ae o l d th oe d i"},
                   {"İstanbul, Þór, Ærø", "istanbul thor aero"},
                   {"Hà Nội, Đặng", "ha noi dang"},
                   {"Åse Čapek Ğ Ş ŋ ə", "ase capek g s n e"}});
}

TEST_CASE("several readings, at most as many as asked for, the usual one first, none twice") {
  TextOptions options;
  for (const size_t most : {1U, 2U, 4U}) {
    options.max_readings = most;
    const TextReading text = TextReader(options).read("1984 $2.50 10:30 2.5 Dr. U.S. 1/2 10-20 -5°C");
    CHECK(text.segments.size() == 9);
    for (const Segment& segment : text.segments) {
      CHECK(segment.readings.size() >= std::min<size_t>(most, 2));
      CHECK(segment.readings.size() <= most);
      std::vector<std::string> texts = choices(segment);
      std::sort(texts.begin(), texts.end());
      CHECK(std::unique(texts.begin(), texts.end()) == texts.end());
    }
  }
  CHECK(choices(reader_of("en").read("1984").segments[0]) ==
        std::vector<std::string>{"nineteen eighty four", "one thousand nine hundred eighty four",
                                 "one thousand nine hundred and eighty four", "one nine eight four"});
  CHECK(has(choices(reader_of("en").read("10:30").segments[0]), "half past ten"));
  CHECK(has(choices(reader_of("en").read("2.5").segments[0]), "two and a half"));
  CHECK(has(choices(reader_of("en").read("$2.50").segments[0]), "two dollars and fifty cents"));
  CHECK(has(choices(reader_of("en").read("007").segments[0]), "oh oh seven"));
}

TEST_CASE("every segment knows its bytes, and every character of a reading too") {
  const std::string source = "Stálo <i>to</i> 25 Kč & MOСКBA.";
  const TextReading text = reader_of("cs").read(source);
  std::vector<std::string> parts;
  for (const Segment& segment : text.segments)
    parts.push_back(source.substr(segment.source.begin, segment.source.end - segment.source.begin));
  CHECK(parts == std::vector<std::string>{"Stálo", "to", "25 Kč", "&", "MOСКBA"});

  const Reading word = reader_of("ru").read("Щука ß").segments[0].readings[0];
  CHECK(word.text == "shchuka");
  for (size_t i = 0; i < 4; ++i) CHECK(word.source[i] == ByteRange{0, 2});
  CHECK(word.source[4] == ByteRange{2, 4});
  CHECK(word.source[5] == ByteRange{4, 6});
  CHECK(word.source[6] == ByteRange{6, 8});

  const Reading entity = reader_of("en").read("caf&eacute;s").segments[0].readings[0];
  CHECK(entity.text == "cafes");
  CHECK(entity.source[3] == ByteRange{3, 11});
  CHECK(entity.source[4] == ByteRange{11, 12});

  // The number's words come from the number, the unit's from the unit.
  const Reading money = reader_of("cs").read("25 Kč").segments[0].readings[0];
  CHECK(money.text == "dvacet pet korun");
  CHECK(money.source[0] == ByteRange{0, 2});
  CHECK(money.source[11] == ByteRange{3, 6});
  // Said in another order than written: all of it.
  const Reading price = reader_of("en").read("€5").segments[0].readings[0];
  CHECK(price.source[0] == ByteRange{0, 4});
  CHECK(price.source[5] == ByteRange{0, 4});
}

TEST_CASE("the share of letters and digits without a sound") {
  const auto share = [](const std::string& language, const std::string& text) {
    return reader_of(language).read(text).unscored_share();
  };
  CHECK(share("en", "hello 12 мир") == 0.0);
  CHECK(share("en", "") == 0.0);
  CHECK(share("en", "😀 ♥ ?!") == 0.0);
  CHECK(reader_of("en").read("😀 ab").letters == 2);
  CHECK(share("en", "ab ខគ") == doctest::Approx(0.5));  // ICU has no Latin letters for Khmer
  CHECK(share("en", "ᚠᚢ") == 1.0);
  CHECK(share("en", "abcᚠ") == doctest::Approx(0.25));  // within a word, too
  CHECK(share("ja", "東京タワー") == doctest::Approx(0.4));
  CHECK(share("en", "<i>[ខ្មែរ ខ្មែរ]</i> ab") == 0.0);  // a note is not to be scored
  const TextReading runes = reader_of("en").read("x ᚠᚢ");
  REQUIRE(runes.segments.size() == 2);
  CHECK(choices(runes.segments[1]) == std::vector<std::string>{""});
  CHECK(runes.segments[1].source == ByteRange{2, 8});
}

// ---- properties --------------------------------------------------------------------------------------

bool is_in_alphabet(const std::string& text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (token_of(text[i]) < 0) return false;
    const bool edge = i == 0 || i + 1 == text.size() || text[i - 1] == ' ' || text[i + 1] == ' ';
    if (edge && text[i] == '\'') return false;
    if (text[i] == ' ' && (i == 0 || i + 1 == text.size() || text[i + 1] == ' ')) return false;
  }
  return true;
}

/// Why a reading is none, if it is none.
std::string problem_with(const Reading& reading, const std::string& source) {
  if (!is_in_alphabet(reading.text)) return "outside the alphabet: " + reading.text;
  if (reading.source.size() != reading.text.size()) return "a character without a source";
  ByteRange before;
  for (size_t i = 0; i < reading.text.size(); ++i) {
    const ByteRange& range = reading.source[i];
    const bool may_be_empty = reading.text[i] == ' ';  // between the words of "MP3" there is nothing
    if (range.begin > range.end || range.end > source.size()) return "a source outside the text";
    if (range.empty() && !may_be_empty) return "a letter from nothing";
    if (range.begin < before.begin || range.end < before.end) return "sources go back";
    before = range;
  }
  return "";
}

void check_properties(const TextReader& reader, const std::string& source) {
  CAPTURE(printable(source));
  const TextReading text = reader.read(source);
  ByteRange before;
  for (const Segment& segment : text.segments) {
    REQUIRE(segment.source.begin >= before.begin);
    REQUIRE(segment.source.end >= before.end);
    REQUIRE(segment.source.end > segment.source.begin);
    REQUIRE_FALSE(segment.readings.empty());
    before = segment.source;
    for (const Reading& reading : segment.readings) {
      REQUIRE(problem_with(reading, source) == "");
      for (const ByteRange& range : reading.source) {
        REQUIRE(range.begin >= segment.source.begin);
        REQUIRE(range.end <= segment.source.end);
      }
    }
  }
  REQUIRE(before.end <= source.size());
  const Reading all = default_reading(text);
  REQUIRE(problem_with(all, source) == "");
  REQUIRE(text_of_tokens(TokenKind::letters, encode(all.text)) == all.text);
  REQUIRE(text.unscored >= 0);
  REQUIRE(text.unscored <= text.letters);
  // What is read once reads as itself.
  REQUIRE(default_reading(reader.read(all.text)).text == all.text);
}

std::string utf8(const std::vector<char32_t>& codes) {
  std::string text;
  for (const char32_t code : codes) icu::UnicodeString(static_cast<UChar32>(code)).toUTF8String(text);
  return text;
}

TEST_CASE("ten thousand random texts stay in the alphabet, in order and as they are when read again") {
  // Blocks that have rules of their own, and anything at all.
  const std::vector<std::pair<char32_t, char32_t>> blocks = {
      {0x20, 0x7E},     {0x20, 0x7E},     {0x30, 0x3A},       {0x23, 0x2F},     {0xA0, 0x24F},
      {0x370, 0x3FF},   {0x400, 0x4FF},   {0x590, 0x5FF},     {0x600, 0x6FF},   {0x900, 0x97F},
      {0xE00, 0xE7F},   {0x1100, 0x11FF}, {0x1780, 0x17FF},   {0x2000, 0x206F}, {0x20A0, 0x21FF},
      {0x2460, 0x24FF}, {0x3040, 0x30FF}, {0x4E00, 0x9FFF},   {0xAC00, 0xD7A3}, {0xF900, 0xFAFF},
      {0xFB00, 0xFDFF}, {0xFE00, 0xFFEF}, {0x1F300, 0x1FAFF}, {0x300, 0x36F}};
  const std::vector<std::string> languages = {"en", "de", "fr", "es", "it", "cs", "nl",
                                              "ru", "el", "ja", "zh", "ar", "hi", "th"};
  for (uint64_t i = 0; i < 10000; ++i) {
    const RandomStream random(i, RandomUse::shuffle, {});
    std::vector<char32_t> codes;
    const uint64_t length = 1 + random.below(0, 24);
    for (uint64_t j = 0; j < length; ++j) {
      const auto& [first, last] = blocks[random.below(3 * j + 1, blocks.size())];
      char32_t code = first + static_cast<char32_t>(random.below(3 * j + 2, last - first + 1));
      if (random.below(3 * j + 3, 20) == 0) code = static_cast<char32_t>(random.below(3 * j + 2, 0x110000));
      if (code >= 0xD800 && code <= 0xDFFF) code = ' ';
      codes.push_back(code);
    }
    CAPTURE(i);
    check_properties(reader_of(languages[i % languages.size()]), utf8(codes));
  }
}

TEST_CASE("numbers with signs around them keep to the rules in every language") {
  const std::string parts[] = {"1", "23", "1984", "007", ".",  ",",   ":",  "-", "/",
                               "%", "°C", "€",    "$",   " ",  "Kč",  "½",  "#", "&",
                               "(", ")",  "st",   "♪",   "\n", "<i>", "A.", "'", "5551234"};
  for (const std::string language :
       {"en", "de", "fr", "es", "it", "cs", "nl", "ru", "el", "ja", "zh", "ar", "hi", "th"}) {
    CAPTURE(language);
    for (uint64_t i = 0; i < 300; ++i) {
      const RandomStream random(i, RandomUse::shuffle, {7});
      std::string text;
      for (uint64_t j = 0; j < 8; ++j) text += parts[random.below(j, std::size(parts))];
      check_properties(reader_of(language), text);
    }
  }
}

TEST_CASE("random bytes are refused or replaced, and never crash") {
  TextOptions options;
  options.invalid_utf8 = InvalidUtf8::replace;
  const TextReader replacing(options);
  int refused = 0;
  for (uint64_t i = 0; i < 2000; ++i) {
    const RandomStream random(i, RandomUse::shuffle, {3});
    std::string text;
    for (uint64_t j = 0; j < 20; ++j) text += static_cast<char>(random.bits(j));
    try {
      reader_of("en").read(text);
      REQUIRE(is_valid_utf8(text));
    } catch (const DataError& error) {
      REQUIRE_FALSE(is_valid_utf8(text));
      REQUIRE(std::string(error.what()).find("byte ") == 0);
      ++refused;
    }
    const Reading reading = default_reading(replacing.read(text));
    REQUIRE(problem_with(reading, text) == "");
  }
  CHECK(refused > 1000);
}

TEST_CASE("a text has a largest size, and below it time grows with the length alone") {
  TextOptions options;
  options.max_bytes = 100;
  CHECK(TextReader(options).read(std::string(100, 'a')).letters == 100);
  CHECK_THROWS_WITH_AS(TextReader(options).read(std::string(101, 'a')),
                       "a text of 101 bytes, but 100 at most; cut it into lines", DataError);

  const TextReader reader{TextOptions{}};
  const auto seconds = [&](const std::string& piece, size_t bytes) {
    std::string text;
    while (text.size() + piece.size() <= bytes) text += piece;
    const std::clock_t started = std::clock();  // of this process: others may keep the machine busy
    reader.read(text);
    return static_cast<double>(std::clock() - started) / CLOCKS_PER_SEC;
  };
  // What once took time by its square, or could: twenty times the text may take eighty times as long, not
  // 400.
  for (const char* piece :
       {"1-", "a", "Ж", "é", "(", "<", "{", "*", "♪", "A.", "AB:\n", "&", "1,", "e\u0301"}) {
    CAPTURE(piece);
    const double small = std::max(seconds(piece, 5000), 0.002);
    CHECK(seconds(piece, 100000) < 80.0 * small);
  }
}

TEST_CASE("languages are those that ICU knows") {
  for (const char* language : {"en", "pt-BR", "pt_BR", "zh-Hant", "cs"}) {
    TextOptions options;
    options.language = language;
    CHECK(default_reading(TextReader(options).read("a 1")).text.size() > 3);
  }
  for (const char* language : {"", "xx", "english", "e", "en us", "\n"}) {
    TextOptions options;
    options.language = language;
    CHECK_THROWS_AS(TextReader{options}, ConfigError);
  }
}

}  // namespace
}  // namespace wav2vec
