#pragma once
// Alignments in the formats that people open: Praat's TextGrid, NIST's CTM, SubRip, WebVTT, ASS and JSON.

#include <span>
#include <string>
#include <string_view>

#include "wav2vec/align/aligned_text.h"

namespace wav2vec {

enum class AlignmentFormat { textgrid, ctm, srt, vtt, ass, json };
inline constexpr std::string_view kAlignmentFormatNames[] = {"TextGrid", "ctm", "srt", "vtt", "ass", "json"};

/// By what stands behind the last dot of a name, in any case. Throws ConfigError naming the formats.
AlignmentFormat alignment_format_of(std::string_view file_name);

/// Whether a file of the format can hold several recordings.
bool holds_many(AlignmentFormat format);

/// Lines that are not spoken stand in JSON alone; the others have no place for what has no time.
///  - textgrid: Praat's long text format, tiers "lines", "words" and "characters" (or "phones"), with empty
///    intervals between;
///  - ctm: `id 1 start duration word confidence`, blanks within a word as underscores;
///  - srt, vtt, ass: a cue for each line; vtt has the times of words inside (<00:00:01.000>);
///  - json: {"id", "seconds", "lines": [{"line", "text", "spoken", "start", "end", "confidence", "words":
///    [{"text", "bytes", "reading", "start", "end", "confidence", "characters": [{"letter", "bytes", "start",
///    "end"}]}]}]}, with "phones": [{"phone", …}] where these are the tokens; an array of these for several
///    recordings.
/// Throws InternalError for several recordings where the format holds one.
std::string format_alignment(AlignmentFormat format, std::span<const AlignedText> recordings);

/// CTM of whole lines, each as a recording of its own, "id:number", so that two files can be compared line by
/// line whichever lines they hold.
std::string format_ctm_of_lines(std::span<const AlignedText> recordings);

}  // namespace wav2vec
