#include "wav2vec/text/markup.h"

#include <algorithm>
#include <optional>
#include <string>

#include "text/markup_syntax.h"
#include "text/unicode_class.h"

namespace wav2vec {
namespace {

constexpr size_t kLongestNote = 200;
constexpr size_t kLongestStarred = 40;
constexpr size_t kLongestLabel = 32;

using Characters = std::span<const TracedCharacter>;

/// Text and, for each of its characters, the mark that it belongs to.
struct Sorted {
  Characters text;
  std::vector<std::optional<MarkKind>> kind;

  bool is_speech(size_t at) const { return !kind[at].has_value(); }
  void mark(size_t begin, size_t end, MarkKind as) {
    for (size_t i = begin; i < end; ++i) {
      if (is_speech(i)) kind[i] = as;
    }
  }
};

// ---- notes -------------------------------------------------------------------------------------------

struct Brackets {
  char32_t open = 0;
  char32_t close = 0;
  bool wide = false;
};

constexpr Brackets kBrackets[] = {{'(', ')', false},      {'[', ']', false},      {'{', '}', false},
                                  {0x3010, 0x3011, true}, {0xFF08, 0xFF09, true}, {0xFF3B, 0xFF3D, true},
                                  {0x3014, 0x3015, true}};

size_t letters_in(Characters text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](const auto& c) { return is_letter(c.code); }));
}

bool touches_word(Characters text, size_t begin, size_t end) {
  const auto is_word = [&](size_t i) { return is_letter(text[i].code) || is_number(text[i].code); };
  return (begin > 0 && is_word(begin - 1)) || (end < text.size() && is_word(end));
}

/// The end of a note that begins at `at`; `at` if none does.
size_t bracketed_end(Characters text, size_t at, const Brackets& brackets) {
  size_t depth = 0;
  for (size_t i = at; i < std::min(text.size(), at + kLongestNote + 2); ++i) {
    if (text[i].code == brackets.open) ++depth;
    if (text[i].code != brackets.close || --depth > 0) continue;
    const bool is_note = letters_in(text.subspan(at, i - at)) >= (brackets.wide ? 1U : 2U) &&
                         (brackets.wide || !touches_word(text, at, i + 1));
    return is_note ? i + 1 : at;
  }
  return at;
}

size_t starred_end(Characters text, size_t at) {
  for (size_t i = at + 1; i < std::min(text.size(), at + kLongestStarred + 2); ++i) {
    const char32_t c = text[i].code;
    if (is_line_end(c) || is_number(c)) break;
    if (c != '*') continue;
    const bool is_note = i > at + 1 && is_letter(text[at + 1].code) && is_letter(text[i - 1].code) &&
                         !touches_word(text, at, i + 1);
    return is_note ? i + 1 : at;
  }
  return at;
}

void mark_notes(Sorted& sorted) {
  for (size_t at = 0; at < sorted.text.size();) {
    const char32_t c = sorted.text[at].code;
    size_t end = at;
    if (c == '*') end = starred_end(sorted.text, at);
    for (const Brackets& brackets : kBrackets) {
      if (c == brackets.open) end = bracketed_end(sorted.text, at, brackets);
    }
    sorted.mark(at, end, MarkKind::note);
    at = std::max(end, at + 1);
  }
}

// ---- music -------------------------------------------------------------------------------------------

bool is_note_sign(char32_t c) { return (c >= 0x2669 && c <= 0x266C) || (c >= 0x1F3B5 && c <= 0x1F3B6); }

struct Line {
  size_t begin = 0;
  size_t end = 0;
};

std::vector<Line> lines_of(Characters text) {
  std::vector<Line> lines;
  size_t begin = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i].code != '\n') continue;
    lines.push_back({begin, i});
    begin = i + 1;
  }
  return lines;
}

/// Where signs stand in a line; several side by side are one.
std::vector<Line> signs_in(const Sorted& sorted, const Line& line) {
  std::vector<Line> signs;
  for (size_t i = line.begin; i < line.end; ++i) {
    if (!is_note_sign(sorted.text[i].code) || !sorted.is_speech(i)) continue;
    if (!signs.empty() && signs.back().end == i) {
      signs.back().end = i + 1;
    } else {
      signs.push_back({i, i + 1});
    }
  }
  return signs;
}

bool only_blanks(const Sorted& sorted, size_t begin, size_t end) {
  for (size_t i = begin; i < end; ++i) {
    if (sorted.is_speech(i) && !is_blank(sorted.text[i].code)) return false;
  }
  return true;
}

void mark_music(Sorted& sorted, const MarkupOptions& options) {
  const auto mark = [&](const Line& first, size_t end, const Line* last) {
    if (!options.score_music) return sorted.mark(first.begin, end, MarkKind::music);
    sorted.mark(first.begin, first.end, MarkKind::music);
    if (last != nullptr) sorted.mark(last->begin, last->end, MarkKind::music);
  };
  const std::vector<Line> lines = lines_of(sorted.text);
  for (size_t l = 0; l < lines.size(); ++l) {
    const Line& line = lines[l];
    const std::vector<Line> signs = signs_in(sorted, line);
    for (size_t s = 0; s + 1 < signs.size(); s += 2) mark(signs[s], signs[s + 1].end, &signs[s + 1]);
    if (signs.size() % 2 == 0) continue;
    size_t end = line.end;
    const Line* last = nullptr;
    std::vector<Line> next;
    if (signs.size() == 1 && l + 1 < lines.size()) next = signs_in(sorted, lines[l + 1]);
    if (next.size() == 1 && only_blanks(sorted, next[0].end, lines[l + 1].end) &&
        !only_blanks(sorted, lines[l + 1].begin, next[0].begin)) {
      end = next[0].end;
      last = &next[0];
      ++l;
    }
    mark(signs.back(), end, last);
  }
}

// ---- speakers ----------------------------------------------------------------------------------------

/// Names that are spoken: what they introduce is part of the sentence.
bool is_no_speaker(const std::string& name) {
  constexpr std::string_view kSpoken[] = {"NOTE",    "WARNING",  "CAUTION", "ATTENTION", "PS",   "P.S.",
                                          "NB",      "FYI",      "RE",      "TODO",      "TIP",  "HINT",
                                          "EXAMPLE", "QUESTION", "ANSWER",  "HTTP",      "HTTPS"};
  return std::find(std::begin(kSpoken), std::end(kSpoken), name) != std::end(kSpoken);
}

/// "SPEAKER 1", "MAN #2", "VOICE B", in capitals.
bool is_numbered_role(const std::string& name) {
  constexpr std::string_view kRoles[] = {"SPEAKER", "MAN",    "WOMAN",    "BOY",      "GIRL",    "VOICE",
                                         "MALE",    "FEMALE", "NARRATOR", "REPORTER", "OFFICER", "GUARD"};
  const size_t end = name.find(' ');
  if (end == std::string::npos || std::find(std::begin(kRoles), std::end(kRoles),
                                            std::string_view(name).substr(0, end)) == std::end(kRoles))
    return false;
  std::string_view number = std::string_view(name).substr(end + 1);
  if (number.starts_with('#')) number.remove_prefix(1);
  const bool digits = !number.empty() && number.find_first_not_of("0123456789") == std::string_view::npos;
  return digits || (number.size() == 1 && number[0] >= 'A' && number[0] <= 'Z');
}

struct Label {
  std::string name;  ///< ASCII in capitals, '?' for other letters
  size_t capitals = 0;
  size_t words = 0;
  bool has_small_letters = false;
  size_t end = 0;  ///< behind the colon. 0: no label
};

Label label_at(const Sorted& sorted, size_t at, size_t line_end) {
  Label label;
  constexpr std::u32string_view kAlso = U" .'’#-&";
  if (at >= line_end || !is_letter(sorted.text[at].code)) return {};
  bool in_word = false;
  for (size_t i = at; i < std::min(line_end, at + kLongestLabel + 1); ++i) {
    if (!sorted.is_speech(i)) continue;
    const char32_t c = sorted.text[i].code;
    if (c == ':' || c == 0xFF1A) {
      label.end = i + 1;
      while (label.name.ends_with(' ')) label.name.pop_back();
      return label;
    }
    if (!is_letter(c) && !is_digit(c) && !is_mark(c) && kAlso.find(c) == std::u32string_view::npos) return {};
    if (is_letter(c)) {
      const bool capital = u_charType(static_cast<UChar32>(c)) == U_UPPERCASE_LETTER;
      label.capitals += capital ? 1 : 0;
      label.has_small_letters |= !capital;
      label.words += in_word ? 0 : 1;
    }
    in_word = c != ' ' && (in_word || is_letter(c));
    label.name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c < 0x80 ? static_cast<char>(c) : '?';
  }
  return {};
}

/// Behind a speaker's label that begins at `at`; `at` if none does.
size_t label_end(const Sorted& sorted, size_t at, size_t line_end) {
  const Label label = label_at(sorted, at, line_end);
  if (label.end == 0 || is_no_speaker(label.name)) return at;
  const char32_t next = label.end < line_end ? sorted.text[label.end].code : U' ';
  if (is_number(next) || next == '/') return at;
  const bool in_capitals = !label.has_small_letters && label.capitals >= 2 && label.words <= 3;
  return in_capitals || is_numbered_role(label.name) ? label.end : at;
}

size_t skip_unspoken(const Sorted& sorted, size_t at, size_t end) {
  while (at < end && (!sorted.is_speech(at) || is_blank(sorted.text[at].code))) ++at;
  return at;
}

void mark_speakers(Sorted& sorted) {
  for (const Line& line : lines_of(sorted.text)) {
    const auto code = [&](size_t i) { return i < line.end ? sorted.text[i].code : U'\n'; };
    size_t at = skip_unspoken(sorted, line.begin, line.end);
    if (code(at) == '>' && code(at + 1) == '>') {
      const size_t begin = at;
      while (code(at) == '>') ++at;
      sorted.mark(begin, at, MarkKind::speaker);
    } else if (is_dash(code(at)) && !is_number(code(at + 1)) && !is_dash(code(at + 1))) {
      sorted.mark(at, at + 1, MarkKind::speaker);
      ++at;
    }
    at = skip_unspoken(sorted, at, line.end);
    sorted.mark(at, label_end(sorted, at, line.end), MarkKind::speaker);
  }
}

// ---- all ---------------------------------------------------------------------------------------------

/// Whether a mark divides the words on its two sides.
bool divides(MarkKind kind) { return kind != MarkKind::tag && kind != MarkKind::invisible; }

}  // namespace

std::string_view name_of(MarkKind kind) {
  constexpr std::string_view kNames[] = {"tag", "speaker", "note", "music", "invisible"};
  return kNames[static_cast<size_t>(kind)];
}

MarkedText strip_markup(std::span<const TracedCharacter> text, const MarkupOptions& options) {
  MarkedText visible = strip_syntax(text);
  Sorted sorted{visible.speech, {}};
  sorted.kind.resize(visible.speech.size());
  mark_notes(sorted);
  mark_music(sorted, options);
  mark_speakers(sorted);

  MarkedText result;
  std::vector<Mark> found;
  for (size_t i = 0; i < sorted.text.size(); ++i) {
    const TracedCharacter& c = sorted.text[i];
    if (sorted.is_speech(i)) {
      result.speech.push_back(c);
      continue;
    }
    const MarkKind kind = *sorted.kind[i];
    const bool continues = i > 0 && sorted.kind[i - 1] == kind;
    if (continues) {
      found.back().source.end = c.source.end;
    } else {
      found.push_back({kind, c.source});
    }
    if (divides(kind) && !continues) result.speech.push_back({' ', c.source});
  }
  result.marks = std::move(visible.marks);
  result.marks.insert(result.marks.end(), found.begin(), found.end());
  std::stable_sort(result.marks.begin(), result.marks.end(),
                   [](const Mark& a, const Mark& b) { return a.source.begin < b.source.begin; });
  return result;
}

}  // namespace wav2vec
