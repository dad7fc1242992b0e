#pragma once
// What was said at each feature frame, from a time-aligned transcript.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wav2vec/core/frame_times.h"
#include "wav2vec/data/ctm.h"

namespace wav2vec {

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

/// [frames]: the class of the label that lasts while the frame's centre passes, start included and end not;
/// −1 between labels and for labels without a class. Where two overlap, the one that starts later.
std::vector<int32_t> frame_labels(std::span<const TimedLabel> labels, const LabelClasses& classes,
                                  const FrameTimes& times, int64_t frames);

/// Each label as its characters (measure/text_units.h) of equal durations; `whole` ones (silence) stay.
std::vector<TimedLabel> spread_over_characters(std::span<const TimedLabel> labels,
                                               std::span<const std::string> whole = {});
/// The same for every utterance.
Alignment spread_over_characters(const Alignment& alignment, std::span<const std::string> whole = {});

}  // namespace wav2vec
