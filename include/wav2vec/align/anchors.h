#pragma once
// Places where a recording and its text agree without doubt, so that hours can be aligned between them.

#include <cstdint>
#include <span>
#include <vector>

namespace wav2vec {

/// Token number `token` of the text is heard around this frame.
struct Anchor {
  int64_t token = 0;
  int64_t frame = 0;

  bool operator==(const Anchor&) const = default;
};

/// What was heard (head/letters_heard.h, read_greedily), with the frame in which each token begins.
struct HeardTokens {
  std::vector<int> tokens;
  std::vector<int64_t> frames;
};

struct AnchorOptions {
  int64_t length = 7;  ///< letters in a row that must agree
  /// An anchor needs another one at most this far away, before or behind it, to which it stands as speech
  /// would: from fewest_frames to most_frames for each letter between them.
  int64_t support_frames = 6000;
  double fewest_frames = 2.0;
  double most_frames = 60.0;
};

/// Runs of letters that occur once in the text and once in what was heard, in an order that both share: the
/// longest such chain, without anchors that stand alone. Gaps between words do not count.
std::vector<Anchor> find_anchors(const HeardTokens& heard, std::span<const int> text,
                                 const AnchorOptions& options = {});

}  // namespace wav2vec
