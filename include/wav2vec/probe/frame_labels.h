#pragma once
// What was said at each feature frame, from a time-aligned transcript.

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wav2vec {

struct TimedLabel {
  double start_seconds = 0.0;
  double duration_seconds = 0.0;
  std::string label;
  double posterior = -1.0;  ///< of the aligner; negative: not given

  double end_seconds() const { return start_seconds + duration_seconds; }
  bool operator==(const TimedLabel&) const = default;
};

/// The labels of every utterance in the order of their start times, by the name the file gives it.
struct Alignment {
  std::map<std::string, std::vector<TimedLabel>, std::less<>> utterances;

  /// The utterance of this name, or the only one that differs by an extension (".wav") on either side; null
  /// if there is none.
  const std::vector<TimedLabel>* find(std::string_view utterance) const;
};

/// Reads a CTM (NIST; Kaldi's and the Montreal aligner's variants): lines `utterance channel start duration
/// label [posterior …]`, in seconds, with any blanks between; lines that begin with ";;" are comments. Throws
/// DataError "file:line: …" for other lines, times below 0 or beyond 1e7 s, a second channel of one utterance
/// and a file without labels.
Alignment read_ctm(const std::filesystem::path& path);

/// The class inventory: names in byte order, class k being names[k].
struct LabelClasses {
  std::vector<std::string> names;

  /// −1: no class.
  int32_t index_of(std::string_view label) const;
  int32_t count() const { return static_cast<int32_t>(names.size()); }
};

/// The labels of all utterances but the ignored ones (silence, noise). Throws DataError for more than
/// 100,000.
LabelClasses label_classes(const Alignment& alignment, std::span<const std::string> ignored = {});

/// Frame t is centred at first_frame_center_seconds + t · hop_seconds of its utterance, as frames.json says
/// (io/feature_writer.h).
struct FrameTimes {
  double first_frame_center_seconds = 0.0;
  double hop_seconds = 0.0;
};

/// [frames]: the class of the label that lasts while the frame's centre passes, start included and end not;
/// −1 between labels and for labels without a class. Where two overlap, the one that starts later.
std::vector<int32_t> frame_labels(std::span<const TimedLabel> labels, const LabelClasses& classes,
                                  const FrameTimes& times, int64_t frames);

/// Each label as its characters (probe/text_units.h) of equal durations; `whole` ones (silence) stay.
std::vector<TimedLabel> spread_over_characters(std::span<const TimedLabel> labels,
                                               std::span<const std::string> whole = {});
/// The same for every utterance.
Alignment spread_over_characters(const Alignment& alignment, std::span<const std::string> whole = {});

}  // namespace wav2vec
