#include "wav2vec/subtitle/text_encoding.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "subtitle/reading.h"
#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

struct Sample {
  const char* encoding;
  std::string text;
};

/// Enough of each language for statistics.
std::vector<Sample> samples() {
  return {
      {"windows-1252", "Où est passée l’élève ? Ça m’étonne, déjà à côté de la forêt où naît l’été."},
      {"windows-1250",
       "Nevím, co se stalo, ale myslím si, že bychom měli odejít dřív, než se vrátí. Řekl jsi mi přece, že "
       "přijdeš hned, jakmile to půjde, a já jsem tomu věřila."},
      {"windows-1251", "Привет, как твои дела сегодня? Мне кажется, что мы уже где-то встречались раньше."},
      {"KOI8-R", "Привет, как твои дела сегодня? Мне кажется, что мы уже где-то встречались раньше."},
      {"windows-1256", "مرحبا، كيف حالك اليوم؟ أعتقد أننا التقينا من قبل في مكان ما من هذه المدينة."},
      {"Shift_JIS", "こんにちは、今日は元気ですか。どこかで会ったことがあると思います。ソ連の表\\能"},
      {"GB18030", "你好，今天过得怎么样？我觉得我们以前在什么地方见过面。他说他不知道发生了什么事情。"},
      {"Big5", "你好，今天過得怎麼樣？我覺得我們以前在什麼地方見過面。他說他不知道發生了什麼事情。"},
      {"EUC-KR", "안녕하세요, 오늘은 어떻게 지내세요? 우리가 전에 어디선가 만난 적이 있는 것 같아요."},
      {"ISO-2022-JP", "こんにちは、今日は元気ですか。どこかで会ったことがあると思います。"},
  };
}

std::string as_srt(const std::string& text) {
  return fmt::format("1\r\n00:00:01,000 --> 00:00:02,000\r\n{}\r\n\r\n", text);
}

}  // namespace

TEST_CASE("encodings are told apart by what is written") {
  for (const Sample& sample : samples()) {
    CAPTURE(sample.encoding);
    const std::string text = as_srt(sample.text);
    const DecodedText decoded = decode_text(in_encoding(text, sample.encoding));
    CHECK(decoded.text == text);
    CHECK(decoded.is_guess);
    CHECK(decoded.replaced == 0);
    const DecodedText named = decode_text(in_encoding(text, sample.encoding), sample.encoding);
    CHECK(named.text == text);
    CHECK_FALSE(named.is_guess);
  }
}

TEST_CASE("encodings are told apart in a few words") {
  const std::vector<Sample> shorts = {{"windows-1252", "Für dich, mein Schatz"},
                                      {"windows-1252", "It’s “me”…"},
                                      {"windows-1251", "Как дела?"},
                                      {"Shift_JIS", "こんにちは"},
                                      {"GB18030", "谢谢你，我的朋友"},
                                      {"Big5", "謝謝你，我的朋友"},
                                      {"EUC-KR", "안녕하세요"},
                                      {"windows-1254", "Teşekkür ederim, değil mi"},
                                      {"windows-1253", "Ευχαριστώ πολύ"},
                                      {"windows-1255", "תודה רבה"},
                                      {"windows-1256", "شكرا جزيلا"},
                                      {"windows-874", "ขอบคุณมาก"}};
  for (const Sample& sample : shorts) {
    CAPTURE(sample.encoding);
    const std::string text = as_srt(sample.text);
    CHECK(decode_text(in_encoding(text, sample.encoding)).text == text);
  }
}

TEST_CASE("every byte of the text knows where it came from") {
  // Long enough for many pieces, with characters across their borders.
  std::string text;
  while (text.size() < 400000) text += fmt::format("{}日本語。é", text.size());
  for (const char* encoding : {"UTF-16LE", "UTF-16BE", "UTF-32LE", "GB18030", "EUC-JP"}) {
    CAPTURE(encoding);
    const std::string part = encoding == std::string("EUC-JP") ? replaced(text, "é", "ア") : text;
    const std::string bytes = in_encoding(part, encoding);
    const DecodedText decoded = decode_text(bytes, encoding);
    REQUIRE(decoded.text == part);
    // Every character encodes to just the bytes between its place and the next one's.
    size_t wrong = 0;
    for (size_t at = 0; at < part.size();) {
      size_t next = at + 1;
      while (next < part.size() && (static_cast<unsigned char>(part[next]) & 0xC0) == 0x80) ++next;
      if (at % 1000 < 20 || at % 65536 > 65500) {
        const size_t begin = decoded.source_of(at);
        if (bytes.substr(begin, decoded.source_of(next) - begin) !=
            encode_text(part.substr(at, next - at), decoded.encoding))
          ++wrong;
      }
      at = next;
    }
    CHECK(wrong == 0);
    CHECK(decoded.source_of(part.size()) == bytes.size());
  }
}

TEST_CASE("byte order marks decide and are no text") {
  using namespace std::string_literals;
  const std::vector<std::pair<std::string, std::string>> marks = {
      {"\xEF\xBB\xBF"s, "UTF-8"},    {"\xFF\xFE"s, "UTF-16LE"},     {"\xFE\xFF"s, "UTF-16BE"},
      {"\xFF\xFE\0\0"s, "UTF-32LE"}, {"\0\0\xFE\xFF"s, "UTF-32BE"}, {"\x84\x31\x95\x33"s, "GB18030"}};
  for (const auto& [mark, encoding] : marks) {
    CAPTURE(encoding);
    const DecodedText decoded = decode_text(mark + in_encoding("aé日", encoding.c_str()));
    CHECK(decoded.encoding == encoding);
    CHECK(decoded.has_bom);
    CHECK_FALSE(decoded.has_double_bom);
    CHECK(decoded.text == "aé日");
    CHECK(decoded.source_of(0) == mark.size());
    const DecodedText only = decode_text(mark);
    CHECK(only.text.empty());
    CHECK(only.source_of(0) == mark.size());
    CHECK(only.has_bom);
  }
}

TEST_CASE("UTF-16 and UTF-32 without a mark") {
  for (const char* encoding : {"UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE"}) {
    for (const Sample& sample : samples()) {
      CAPTURE(encoding);
      CAPTURE(sample.encoding);
      const std::string text = as_srt(sample.text);
      const DecodedText decoded = decode_text(in_encoding(text, encoding));
      CHECK(decoded.encoding == encoding);
      CHECK(decoded.text == text);
      CHECK_FALSE(decoded.has_bom);
    }
  }
  // U+0A0D, U+0D0A and U+4E00 hold the bytes of line ends and a 0.
  const std::string odd = as_srt("ഊ\xE0\xA8\x8D一一\xE3\x80\x80");
  CHECK(decode_text(in_encoding(odd, "UTF-16LE")).text == odd);
  CHECK(decode_text(in_encoding(odd, "UTF-16BE")).text == odd);
}

TEST_CASE("a mark that was encoded twice is skipped") {
  const DecodedText decoded = decode_text("ï»¿1\n");
  CHECK(decoded.text == "1\n");
  CHECK(decoded.has_double_bom);
  CHECK_FALSE(decoded.has_bom);
  CHECK(decoded.source_of(0) == 6);
  const DecodedText two = decode_text(
      "\xEF\xBB\xBF\xEF\xBB\xBF"
      "1");
  CHECK(two.has_bom);
  CHECK(two.has_double_bom);
  CHECK(two.text == "1");
  // The mark of another encoding than the one that is named.
  const DecodedText named = decode_text("\xEF\xBB\xBF\xE9", "windows-1252");
  CHECK(named.text == "é");
  CHECK(named.has_double_bom);
  CHECK(named.source_of(0) == 3);
}

TEST_CASE("bytes that are no UTF-8 are replaced and the rest is kept") {
  const std::string bytes = "é日 a\xFF\xFE z \xC3( ü";
  const DecodedText decoded = decode_text(bytes);
  CHECK(decoded.encoding == "UTF-8");
  CHECK(decoded.text == "é日 a\uFFFD\uFFFD z \uFFFD( ü");
  CHECK(decoded.replaced == 3);
  CHECK(decoded.first_replaced == 7);
  CHECK(bytes[decoded.source_of(decoded.text.find('z'))] == 'z');
  CHECK(bytes[decoded.source_of(decoded.text.find('('))] == '(');
  // A line end inside a character, and a file that is cut inside one.
  CHECK(decode_text("日本\xE6\x97\n\xA5語中").text == "日本\uFFFD\n\uFFFD語中");
  CHECK(decode_text("日本\xE6\x97").text == "日本\uFFFD");
  CHECK(decode_text("abc\xE6\x97").encoding == "UTF-8");
  CHECK(decode_text("abc\xE9", "utf-8").text == "abc\uFFFD");
}

TEST_CASE("what other encodings do not know is replaced, too") {
  const std::string odd = in_encoding("1\nab\n", "UTF-16LE") + "\x41";
  const DecodedText decoded = decode_text(odd);
  CHECK(decoded.text == "1\nab\n\uFFFD");
  CHECK(decoded.replaced == 1);
  const std::string lone("a\0\x00\xD8z\0", 6);
  CHECK(decode_text(lone, "UTF-16LE").text == "a\uFFFDz");
  const DecodedText japanese = decode_text("a\xFF\xFDz", "Shift_JIS");
  CHECK(japanese.text.find('\x1A') == std::string::npos);
  CHECK(japanese.replaced > 0);
}

TEST_CASE("the caller's name of an encoding counts more than anything else") {
  CHECK(decode_text("\xE9", "cp1252").text == "é");
  CHECK(decode_text("\xE9", "latin1").text == "é");
  CHECK(decode_text("\xC3\xA9", "windows-1252").text == "Ã©");
  CHECK(decode_text("\xEF\xBB\xBF"
                    "1",
                    "UTF-8")
            .text == "1");
  CHECK(decode_text(in_encoding("a日", "UTF-16BE"), "utf-16").encoding == "UTF-16BE");
  CHECK(decode_text(std::string("\xFF\xFE"
                                "a\0",
                                4),
                    "UTF-16")
            .text == "a");
  CHECK_THROWS_AS(decode_text("x", "klingon"), ConfigError);
}

TEST_CASE("an XML declaration names the encoding") {
  const std::string xml = "<?xml version=\"1.0\" encoding='windows-1251'?><tt>\xCF</tt>";
  const DecodedText decoded = decode_text(xml);
  CHECK(decoded.encoding == "windows-1251");
  CHECK_FALSE(decoded.is_guess);
  // UTF-8 that is valid is UTF-8, whatever is declared.
  CHECK(decode_text("<?xml version=\"1.0\" encoding='windows-1251'?><tt>é</tt>").encoding == "UTF-8");
}

TEST_CASE("replacements in the file's own encoding") {
  using namespace std::string_literals;
  CHECK(encode_text("1,5", "UTF-16LE") == "1\0,\0005\0"s);
  CHECK(encode_text("1", "UTF-16BE") == "\0001"s);
  CHECK(encode_text("1", "UTF-32LE") == "1\0\0\0"s);
  for (const char* encoding : {"UTF-8", "windows-1251", "Shift_JIS", "GB18030", "ISO-2022-JP"})
    CHECK(encode_text("00:00:01,000", encoding) == "00:00:01,000");
}

}  // namespace wav2vec
