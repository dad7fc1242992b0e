#include "wav2vec/text/markup.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace wav2vec {
namespace {

MarkedText strip(const std::string& text, const MarkupOptions& options = {}) {
  return strip_markup(trace_utf8(text, InvalidUtf8::refuse), options);
}

/// What stays, in the source's own bytes; a blank for anything blank, and no blanks side by side or at the
/// ends.
std::string speech_of(const MarkedText& marked, const std::string& text) {
  std::string speech;
  for (const TracedCharacter& c : marked.speech) {
    const bool blank = c.code == ' ' || c.code == '\n' || c.code == '\t' || c.code == 0xA0;
    if (blank && !speech.empty() && !speech.ends_with(' ')) speech += ' ';
    if (!blank) speech += text.substr(c.source.begin, c.source.end - c.source.begin);
  }
  if (speech.ends_with(' ')) speech.pop_back();
  return speech;
}

std::string speech_of(const std::string& text) { return speech_of(strip(text), text); }

struct Case {
  std::string text;
  std::string speech;
};

void check_all(const std::vector<Case>& cases) {
  for (const auto& [text, speech] : cases) {
    CAPTURE(text);
    CHECK(speech_of(text) == speech);
  }
}

TEST_CASE("tags go, and comparisons stay") {
  check_all({{"<i>Hello</i> there", "Hello there"},
             {"wor<b>ld</b>", "world"},
             {"<font color=\"#ff0000\">red</font>", "red"},
             {"<v John Smith>Hi", "Hi"},
             {"<v.loud Mary>Hi</v>", "Hi"},
             {"<c.yellow.bg_blue>x</c>", "x"},
             {"one <00:00:01.000>two <00:01.5>three", "one two three"},
             {"< I >x< / i >", "x"},
             {"a<br>b<br/>c", "a b c"},
             {"</xyz>end", "end"},
             {"<unknown>x", "x"},
             {"<x class='a'>y", "y"},
             {"<lang en>yes</lang>", "yes"},
             {"<!-- no -->x", "x"},
             {"a<b", "a<b"},
             {"5 < 6 and 7 > 3", "5 < 6 and 7 > 3"},
             {"if x <y and z> w", "if x <y and z> w"},
             {"I <3 you > me", "I <3 you > me"},
             {"<i never closed", "<i never closed"},
             {"<>", "<>"},
             {"<ruby>漢<rt>かん</rt>字<rt>じ</rt></ruby>を", "漢字を"},
             {"<rt>open\nnext", "next"}});
}

TEST_CASE("ASS blocks, drawings and breaks") {
  check_all({{"{\\an8}Top", "Top"},
             {"{\\i1}x{\\i0}y", "xy"},
             {"{\\p1}m 0 0 l 10 10{\\p0}x", "x"},
             {"{\\pos(1,2)}stays", "stays"},
             {"one\\Ntwo\\nthree\\hfour", "one two three four"},
             {"C:\\new\\notes", "C:\\new otes"},
             {"{y:i}slanted", "slanted"},
             {"{\\an8 never closed", "{\\an8 never closed"}});
}

TEST_CASE("entities become characters, once, and never tags") {
  const auto codes = [](const std::string& text) {
    std::u32string found;
    for (const TracedCharacter& c : strip(text).speech) found += c.code;
    return found;
  };
  CHECK(codes("&amp;") == U"&");
  CHECK(codes("&lt;i&gt;") == U"<i>");
  CHECK(codes("&amp;lt;") == U"&lt;");
  CHECK(codes("&#233;&#xE9;&#XE9;&eacute;") == U"éééé");
  CHECK(codes("&nbsp;") == U"\u00A0");
  CHECK(codes("a&shy;b&lrm;c") == U"abc");
  CHECK(codes("&euro;&hellip;&ccaron;") == U"€…č");
  CHECK(codes("&bogus; &; & &#; &#x;") == U"&bogus; &; & &#; &#x;");
  CHECK(codes("&#0;&#xD800;&#1114112;&#99999999;") == U"\uFFFD\uFFFD\uFFFD\uFFFD");
  CHECK(codes("&eacute") == U"&eacute");
  const MarkedText marked = strip("x&eacute;y");
  REQUIRE(marked.speech.size() == 3);
  CHECK(marked.speech[1].source == ByteRange{1, 9});
}

TEST_CASE("what cannot be seen goes") {
  check_all({{"so\u00ADft", "soft"},
             {"zero\u200Bwidth\uFEFF", "zerowidth"},
             {"\u202Aabc\u202C \u2067d\u2069\u200F", "abc d"},
             {"♥\uFE0F", "♥"},
             {"ไป\u200Bมา", "ไป มา"},
             {"a\u2028b\u0085c\td", "a b c d"}});
}

TEST_CASE("speakers") {
  check_all({{"JOHN: hello", "hello"},
             {"JOHN:hello", "hello"},
             {"JOHN:", ""},
             {"MAN #2: what", "what"},
             {"DR. O'NEIL: no", "no"},
             {"МАША: привет", "привет"},
             {"ŘEDITEL: ano", "ano"},
             {"Speaker 1: what", "what"},
             {"Woman B: what", "what"},
             {"- JOHN: yes\n- MARY: no", "yes no"},
             {"- Hi.\n- You?", "Hi. You?"},
             {"-Hi", "Hi"},
             {"– Hi", "Hi"},
             {">> Hi", "Hi"},
             {">>> JOHN: YES", "YES"},
             {"[sighs] JOHN: yes", "yes"},
             {"JOHN (laughing): yes", "yes"},
             {"<i>JOHN:</i> yes", "yes"},
             {"Note: buy milk", "Note: buy milk"},
             {"NOTE: buy milk", "NOTE: buy milk"},
             {"PS: I know", "PS: I know"},
             {"John: hello", "John: hello"},
             {"I said: hello", "I said: hello"},
             {"THIS IS WHAT I WANT: money", "THIS IS WHAT I WANT: money"},
             {"A: first", "A: first"},
             {"10:30 now", "10:30 now"},
             {"AT 10:30", "AT 10:30"},
             {"BBC1:30", "BBC1:30"},
             {"HTTP://x", "HTTP://x"},
             {"太郎：はい", "太郎：はい"},
             {"-5 degrees", "-5 degrees"},
             {"well - yes", "well - yes"}});
}

TEST_CASE("notes, and brackets that are none") {
  check_all({{"[door slams] Run!", "Run!"},
             {"(LAUGHS)", ""},
             {"Oh (he whispered) no", "Oh no"},
             {"(he [really] did) x", "x"},
             {"(two\nlines) x", "x"},
             {"【音楽】はい（笑）", "はい"},
             {"面白い（笑）", "面白い"},
             {"{a comment} x", "x"},
             {"*sighs* Well", "Well"},
             {"Well *clears throat* yes", "Well yes"},
             {"(c) 2020 by me", "(c) 2020 by me"},
             {"in (2020) too", "in (2020) too"},
             {"house(s) and wor[d]", "house(s) and wor[d]"},
             {"f(xy)z", "f(xy)z"},
             {"(never closed", "(never closed"},
             {"[never closed\nnext line", "[never closed next line"},
             {"closed only] x)", "closed only] x)"},
             {"2*3*4", "2*3*4"},
             {"* item one * item two", "* item one * item two"},
             {"*a\nb*", "*a b*"},
             {"「はい」", "「はい」"}});
  const std::string long_text = "(" + std::string(300, 'x') + ") y";
  CHECK(speech_of(long_text) == long_text);
}

TEST_CASE("music is a mark of its own, or speech between signs that are") {
  check_all({{"♪ la la ♪", ""},
             {"♪ la la ♪ then", "then"},
             {"so ♪ la la", "so"},
             {"♪♪", ""},
             {"♫ one ♫ two ♫ three ♫", "two"},
             {"♪ first line\nsecond line ♪", ""},
             {"♪ first line\nspoken", "spoken"},
             {"spoken ♪", "spoken"}});
  const std::string song = "♪ la la ♪ then";
  MarkupOptions options;
  options.score_music = true;
  const MarkedText marked = strip(song, options);
  CHECK(speech_of(marked, song) == "la la then");
  CHECK(marked.marks == std::vector<Mark>{{MarkKind::music, {0, 3}}, {MarkKind::music, {10, 13}}});
}

TEST_CASE("marks know their kind and their bytes") {
  const MarkedText marked = strip("JOHN: <i>hi</i> [sighs]\n♪ la ♪ \u200E{\\an8}*cries*");
  CHECK(marked.marks == std::vector<Mark>{{MarkKind::speaker, {0, 5}},
                                          {MarkKind::tag, {6, 9}},
                                          {MarkKind::tag, {11, 15}},
                                          {MarkKind::note, {16, 23}},
                                          {MarkKind::music, {24, 34}},
                                          {MarkKind::invisible, {35, 38}},
                                          {MarkKind::tag, {38, 44}},
                                          {MarkKind::note, {44, 51}}});
  CHECK(name_of(MarkKind::tag) == "tag");
  CHECK(name_of(MarkKind::invisible) == "invisible");
  CHECK(strip("plain words").marks.empty());
}

}  // namespace
}  // namespace wav2vec
