// TTML (also DFXP, EBU-TT, IMSC): paragraphs with times, read by a scanner that wants no valid XML. Entities
// stay as they are written and no document type is looked at, so nothing can grow or be fetched.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <utility>
#include <vector>

#include "subtitle/format_parsers.h"
#include "subtitle/media_time.h"
#include "subtitle/xml_scanner.h"
#include "wav2vec/core/text_lines.h"

namespace wav2vec {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// What an element says of time, in seconds of the programme.
struct Times {
  bool said = false;  ///< by the element itself
  bool unreadable = false;
  std::string_view unreadable_text;
  double begin = 0.0;
  std::optional<double> end;
  TimeField start_field = {};
  TimeField end_field = {};
};

struct Element {
  std::string name;
  double begin = 0.0;
  std::optional<double> end;
  bool is_timed = false;  ///< it or an element around it says a time
  bool hides_text = false;
  bool keeps_blanks = false;
};

/// A new element in another, without its name, which may be long.
Element inside(const Element& around) {
  return {.name = {},
          .begin = around.begin,
          .end = around.end,
          .is_timed = around.is_timed,
          .hides_text = around.hides_text,
          .keeps_blanks = around.keeps_blanks};
}

/// A cue that is being read.
struct Draft {
  size_t depth = 0;  ///< elements that are open around it
  int64_t line = 0;
  Times times = {};
  bool is_timed = false;
  std::string id;
  std::string style;
  std::string speaker;
  std::string text;
  bool at_blank = true;  ///< nothing or a blank stands before what comes next
  bool pending = false;  ///< a blank, if something comes next
  bool had_spans = false;
};

/// Text inside them is about the document and not shown.
bool is_about(std::string_view name) {
  constexpr std::string_view kNames[] = {"head", "metadata", "desc", "title", "copyright", "agent", "name"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

class TtmlParser {
 public:
  explicit TtmlParser(Subtitle& subtitle)
      : subtitle_(subtitle), text_(subtitle.decoded.text), scanner_(subtitle.decoded.text) {
    subtitle_.frames_per_second = 30.0;
    subtitle_.ticks_per_second = 1.0;
  }

  void parse() {
    for (XmlPiece piece; scanner_.next(piece);) {
      switch (piece.kind) {
        case XmlPiece::Kind::text:
          put_text(piece.text, false);
          break;
        case XmlPiece::Kind::cdata:
          put_text(piece.text, true);
          break;
        case XmlPiece::Kind::open:
          open(piece);
          break;
        case XmlPiece::Kind::close:
          close(lower_ascii(piece.local_name()));
          break;
        case XmlPiece::Kind::doctype:
          warn(subtitle_, "document_type", line_at(piece.begin), "a document type, which is not looked at");
          break;
        case XmlPiece::Kind::other:
          break;
      }
      if (piece.broken)
        warn(subtitle_, "broken_tag", line_at(piece.begin), "a tag that is not closed as it should be");
    }
    if (!stack_.empty())
      warn(subtitle_, "unclosed_element", line_at(text_.size()),
           fmt::format("the file ends inside <{}>", excerpt(stack_.back().name)));
    while (!drafts_.empty()) finish_draft();
  }

 private:
  // ---- elements ----

  void open(const XmlPiece& piece) {
    const std::string name = lower_ascii(piece.local_name());
    if (name == "br") {
      if (!piece.closes_itself) scanner_.expect_close();
      return put_break();
    }
    // An open paragraph ends where the next one begins.
    if (name == "p" && open_names_["p"] > 0) close("p");
    if (name == "tt") read_parameters(piece);
    Element element = stack_.empty() ? Element{} : inside(stack_.back());
    element.name = name;
    const Times times = times_of(piece, element);
    element.begin = times.begin;
    element.end = times.end;
    element.is_timed = element.is_timed || times.said;
    element.hides_text = element.hides_text || is_about(name);
    if (const auto* space = piece.attribute("space")) element.keeps_blanks = space->value == "preserve";
    if (piece.attribute_is("timeContainer", "seq"))
      warn(subtitle_, "sequence", line_at(piece.begin),
           "timeContainer=\"seq\" is read as if it were \"par\"");
    const bool own_cue =
        name == "p" || (name == "span" && times.said && drafts_.size() == 1 && !drafts_.back().times.said);
    if (own_cue) {
      if (name == "span") drafts_.back().had_spans = true;
      begin_draft(piece, times, element.is_timed);
    } else if (!element.hides_text) {
      put_tag(piece);
    }
    ++open_names_[name];
    stack_.push_back(std::move(element));
    if (piece.closes_itself) close(name, true);
  }

  /// `is_empty`: its beginning was its end, too.
  void close(const std::string& name, bool is_empty = false) {
    // Unknown ends are left out without a search, and every search ends in what it was for.
    const auto count = open_names_.find(name);
    if (count == open_names_.end() || count->second == 0) return;
    while (true) {
      const std::string last = stack_.back().name;
      const bool hidden = stack_.back().hides_text;
      --open_names_[last];
      stack_.pop_back();
      if (!drafts_.empty() && drafts_.back().depth == stack_.size()) {
        finish_draft();
      } else if (!drafts_.empty() && !hidden && !is_empty) {
        drafts_.back().text += fmt::format("</{}>", last);
      }
      if (last == name) return;
    }
  }

  void read_parameters(const XmlPiece& piece) {
    const auto number = [&](std::string_view name) -> std::optional<double> {
      const auto* found = piece.attribute(name);
      if (found == nullptr) return std::nullopt;
      double value = 0.0;
      if (parse_seconds(trimmed(found->value), value) && value > 0.0 && value <= 1e12) return value;
      warn(subtitle_, "bad_parameter", line_at(piece.begin),
           fmt::format("expected a number above 0 for {}, found '{}'", name, excerpt(found->value)));
      return std::nullopt;
    };
    const auto rate = number("frameRate");
    says_frame_rate_ = rate.has_value();
    if (rate) subtitle_.frames_per_second = *rate;
    if (const auto* multiplier = piece.attribute("frameRateMultiplier")) {
      const std::string_view value = trimmed(multiplier->value);
      const size_t middle = value.find_first_of(" :/");
      double over = 0.0;
      double under = 1.0;
      const bool is_pair = middle != std::string_view::npos;
      const bool readable =
          parse_seconds(value.substr(0, middle), over) && over > 0.0 &&
          (!is_pair || (parse_seconds(trimmed(value.substr(middle + 1)), under) && under > 0.0));
      if (readable && over / under > 1e-3 && over / under < 1e3) {
        subtitle_.frames_per_second *= over / under;
      } else {
        warn(subtitle_, "bad_parameter", line_at(piece.begin),
             fmt::format("expected two numbers for frameRateMultiplier, found '{}'", excerpt(value)));
      }
    }
    const auto ticks = number("tickRate");
    says_tick_rate_ = ticks.has_value();
    subtitle_.ticks_per_second = ticks ? *ticks : rate ? *rate : 1.0;
    if (piece.attribute("subFrameRate") != nullptr)
      warn(subtitle_, "sub_frames", line_at(piece.begin), "parts of frames do not count");
    subtitle_.counts_frames = piece.attribute_is("timeBase", "smpte");
    subtitle_.drops_frames = subtitle_.counts_frames && piece.attribute_is("dropMode", "dropNTSC");
    if (subtitle_.counts_frames && piece.attribute_is("dropMode", "dropPAL"))
      warn(subtitle_, "drop_mode", line_at(piece.begin),
           "dropMode=\"dropPAL\" is read as if it were \"nonDrop\"");
  }

  // ---- times ----

  std::optional<double> seconds_of(const XmlPiece& piece, std::string_view name, Times& times,
                                   ByteRange& place) {
    const auto* attribute = piece.attribute(name);
    if (attribute == nullptr || attribute->prefixed) return std::nullopt;
    times.said = true;
    const std::string_view written = trimmed(attribute->value);
    const auto time = media_time(written, subtitle_);
    if (!time) {
      times.unreadable = true;
      times.unreadable_text = written;
      return std::nullopt;
    }
    place.begin = static_cast<size_t>(written.data() - text_.data());
    place.end = place.begin + written.size();
    const auto once = [&](bool& said, std::string_view code, std::string message) {
      if (!said) warn(subtitle_, code, line_at(piece.begin), std::move(message));
      said = true;
    };
    if (time->has_sub_frames) once(said_sub_frames_, "sub_frames", "parts of frames do not count");
    if (time->uses_frames && !says_frame_rate_)
      once(said_frames_, "assumed_frame_rate", "nothing says how many frames a second has; 30 is assumed");
    if (time->uses_ticks && !says_tick_rate_)
      once(
          said_ticks_, "assumed_tick_rate",
          fmt::format("nothing says how many ticks a second has; {} is assumed", subtitle_.ticks_per_second));
    if (time->lacks_unit) once(said_unit_, "missing_unit", "a time without its unit is taken for seconds");
    return time->seconds;
  }

  /// `around` is the element that this one stands in.
  Times times_of(const XmlPiece& piece, const Element& around) {
    Times times;
    ByteRange begin_place;
    ByteRange end_place;
    ByteRange length_place;
    const auto begin = seconds_of(piece, "begin", times, begin_place);
    const auto end = seconds_of(piece, "end", times, end_place);
    const auto length = seconds_of(piece, "dur", times, length_place);
    // Sums of very many elements must stay writable.
    const auto within = [](double seconds) { return std::clamp(seconds, -1e13, 1e13); };
    times.begin = within(around.begin + begin.value_or(0.0));
    times.end = around.end;
    times.start_field = {.place = begin_place, .origin_seconds = around.begin};
    if (end) {
      times.end = within(around.begin + *end);
      times.end_field = {.place = end_place, .origin_seconds = around.begin};
    }
    if (length && (!end || times.begin + *length < *times.end)) {
      times.end = within(times.begin + *length);
      times.end_field = {.place = length_place, .counts_from_start = true};
    }
    return times;
  }

  // ---- cues ----

  void begin_draft(const XmlPiece& piece, const Times& times, bool is_timed) {
    Draft draft;
    draft.depth = stack_.size();
    draft.line = line_at(piece.begin);
    draft.times = times;
    draft.is_timed = is_timed;
    if (const auto* id = piece.attribute("id")) draft.id = id->value;
    if (const auto* style = piece.attribute("style")) draft.style = style->value;
    if (const auto* agent = piece.attribute("agent")) draft.speaker = agent->value;
    drafts_.push_back(std::move(draft));
  }

  void finish_draft() {
    const Draft draft = std::move(drafts_.back());
    drafts_.pop_back();
    // A paragraph that only holds cues of its own, or nothing at no time.
    if (!draft.times.said && is_blank_line(draft.text) && (draft.had_spans || !draft.is_timed)) return;
    Cue& cue = add_cue(subtitle_, draft.line);
    cue.id = draft.id;
    cue.style = draft.style;
    cue.speaker = draft.speaker;
    cue.text = join_lines(draft.text, 0, draft.text.size()).text;
    cue.start_field = draft.times.start_field;
    cue.end_field = draft.times.end_field;
    cue.start_seconds = draft.times.begin;
    cue.end_seconds = draft.times.end.value_or(draft.times.begin);
    if (draft.times.unreadable) {
      const bool has_start = !cue.start_field.place.empty();
      const bool has_end = !cue.end_field.place.empty();
      set_unreadable_times(subtitle_, cue, has_start ? std::optional(cue.start_seconds) : std::nullopt,
                           has_end ? std::optional(cue.end_seconds) : std::nullopt,
                           draft.times.unreadable_text);
    } else if (!draft.is_timed || !draft.times.end) {
      warn(subtitle_, "missing_time", draft.line,
           draft.is_timed ? "nothing says when the cue ends" : "nothing says when the cue is shown",
           cue.order);
    }
  }

  // ---- text ----

  bool takes_text() const { return !drafts_.empty() && !stack_.empty() && !stack_.back().hides_text; }

  void put_text(std::string_view text, bool escape) {
    if (!takes_text()) return;
    Draft& draft = drafts_.back();
    for (const char c : text) {
      if (is_space(c) && !stack_.back().keeps_blanks) {
        draft.pending = !draft.at_blank;
        continue;
      }
      if (c == '\r') continue;
      put_pending(draft);
      draft.at_blank = is_space(c);
      if (escape && (c == '<' || c == '>' || c == '&')) {
        draft.text += c == '<' ? "&lt;" : c == '>' ? "&gt;" : "&amp;";
      } else {
        draft.text += c;
      }
    }
  }

  static void put_pending(Draft& draft) {
    if (draft.pending) draft.text += ' ';
    draft.at_blank = draft.at_blank || draft.pending;
    draft.pending = false;
  }

  void put_break() {
    if (!takes_text()) return;
    Draft& draft = drafts_.back();
    draft.pending = false;
    draft.at_blank = true;
    draft.text += '\n';
  }

  /// As it is written, without its prefix.
  void put_tag(const XmlPiece& piece) {
    if (!takes_text()) return;
    Draft& draft = drafts_.back();
    put_pending(draft);
    std::string tag(piece.text.substr(piece.name.size() - piece.local_name().size()));
    for (char& c : tag) c = is_space(c) ? ' ' : c;
    draft.text += fmt::format("<{}>", tag);
  }

  int64_t line_at(size_t at) {
    while (line_.next <= at && walk_.next(line_)) {
    }
    return std::max<int64_t>(line_.number, 1);
  }

  Subtitle& subtitle_;
  std::string_view text_;
  XmlScanner scanner_;
  LineWalk walk_{text_};
  SubtitleLine line_ = {};
  std::vector<Element> stack_;
  std::unordered_map<std::string, size_t> open_names_;  ///< how many of them are open
  std::vector<Draft> drafts_;
  bool says_frame_rate_ = false;
  bool says_tick_rate_ = false;
  bool said_frames_ = false;
  bool said_ticks_ = false;
  bool said_unit_ = false;
  bool said_sub_frames_ = false;
};

}  // namespace

void parse_ttml(Subtitle& subtitle) { TtmlParser(subtitle).parse(); }

}  // namespace wav2vec
