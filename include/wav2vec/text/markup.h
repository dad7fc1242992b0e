#pragma once
// What stands in a subtitle or transcript beside the words that are spoken: told apart here, left out of what
// is scored and kept for output, since every mark knows its bytes. When in doubt a rule keeps text as speech:
// a line must not vanish because of a bracket.
//
// - Tags. <i>, </font>, <c.yellow>, <v Name>, <00:00:01.000>, < / I >: a known name, a closing tag, or any
//   name that stands alone or has an attribute. "5 < 6", "a<b" and "<y and z>" stay. <br> is a blank; what
//   <rt> … </rt> holds is left out with it (it repeats how the characters before it are read).
// - ASS. {\…} and what is drawn from {\p1} to {\p0} are left out, \N, \n and \h are blanks ("C:\new" stays).
//   {y:i} and the like, MicroDVD's tags, are left out too.
// - Entities: &amp; &lt; &gt; &quot; &apos; &nbsp; &lrm; &rlm; &shy;, Latin-1's names (&eacute;) and numbers
// (&#233;
//   &#xE9;). They become characters after the tags have been read: &lt;i&gt; is text.
// - Invisible characters: soft hyphens, zero-width characters, bidirectional controls, byte order marks,
//   variation selectors. A zero-width space between letters of a script without spaces is a blank.
// - Notes: […], (…), {…} of at most 200 characters and with at least two letters inside, that no letter or
// digit
//   touches from outside: "(he whispered)" and "[door slams]" are notes, while "(c)", "(2020)", "wor[d]" and
//   "house(s)" are text, and so is what a bracket that is never closed begins. The wide brackets
//   【】（）［］〔〕 may touch letters and hold one. *sighs*: stars around at most 40 characters of one line
//   that begin and end with a letter and have no digit.
// - Speakers, at the beginning of a line: ">>", a dash before a letter or blank, and a label: up to 32
// characters
//   and three words in capitals (with digits and . ' # - &), of at least two letters, before a colon that no
//   digit or slash follows ("JOHN:", "MAN #2:", "DR. O'NEIL:"); "Speaker 1:" and the like in any case.
//   "Note:", "NOTE:", "WARNING:", "PS:" and "10:30" are no labels, and neither is any other word in small
//   letters.
// - Music: from a ♪ or another note sign to the next one in the line, or to the line's end, or to a ♪ that
// ends the
//   next line.

#include <span>
#include <string_view>
#include <vector>

#include "wav2vec/text/traced_text.h"

namespace wav2vec {

enum class MarkKind { tag, speaker, note, music, invisible };
std::string_view name_of(MarkKind kind);

/// A part of the source that is not spoken.
struct Mark {
  MarkKind kind = MarkKind::tag;
  ByteRange source = {};

  bool operator==(const Mark&) const = default;
};

struct MarkedText {
  TracedText speech;  ///< without the marks; where one divided two words, a blank stands
  std::vector<Mark> marks;
};

struct MarkupOptions {
  bool score_music = false;  ///< what stands between ♪ is speech, and only the signs are marks
};

MarkedText strip_markup(std::span<const TracedCharacter> text, const MarkupOptions& options = {});

}  // namespace wav2vec
