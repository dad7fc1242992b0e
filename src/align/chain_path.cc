#include "wav2vec/align/chain_path.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

constexpr int64_t kFramesBetweenStops = 1000;
constexpr double kImpossible = -std::numeric_limits<double>::infinity();

/// How a path came into a cell, in states.
enum Step : uint8_t { stay = 0, next = 1, skip = 2, jump = 3 };

/// The states that may be possible in each frame, [first, end): from the first that has not ended to the last
/// that has begun. States with few frames of their own make a narrow band.
class Band {
 public:
  Band(std::span<const ChainState> chain, int64_t frames)
      : first_(static_cast<size_t>(frames), std::ssize(chain)),
        end_(first_.size(), 0),
        start_(first_.size() + 1, 0) {
    for (int64_t s = 0; s < std::ssize(chain); ++s) {
      const ChainState& state = chain[static_cast<size_t>(s)];
      const int64_t begins = std::max<int64_t>(state.first_frame, 0);
      const int64_t lasts = std::min(state.end_frame, frames) - 1;
      if (begins > lasts) continue;
      first_[static_cast<size_t>(lasts)] = std::min(first_[static_cast<size_t>(lasts)], s);
      end_[static_cast<size_t>(begins)] = std::max(end_[static_cast<size_t>(begins)], s + 1);
    }
    for (size_t t = first_.size() - 1; t > 0; --t) first_[t - 1] = std::min(first_[t - 1], first_[t]);
    for (size_t t = 1; t < end_.size(); ++t) end_[t] = std::max(end_[t - 1], end_[t]);
    for (size_t t = 0; t < end_.size(); ++t)
      start_[t + 1] = start_[t] + std::max<int64_t>(end_[t] - first_[t], 0);
  }

  int64_t first(int64_t t) const { return first_[static_cast<size_t>(t)]; }
  int64_t end(int64_t t) const { return end_[static_cast<size_t>(t)]; }
  int64_t cells() const { return start_.back(); }
  int64_t cell(int64_t t, int64_t s) const { return start_[static_cast<size_t>(t)] + s - first(t); }

 private:
  std::vector<int64_t> first_;
  std::vector<int64_t> end_;
  std::vector<int64_t> start_;
};

/// The similarities of the letters that the band lets be spoken in a frame, computed for some frames at once.
class BandScores {
 public:
  BandScores(const Similarity& similarity, std::span<const ChainState> chain, const Band& band)
      : similarity_(similarity), chain_(chain), band_(band) {}

  /// Frames have to be asked for in their order.
  const float* of_frame(int64_t t) {
    if (t >= end_frame_) compute(t);
    return scores_.data() + (t - first_frame_) * (end_letter_ - first_letter_) - first_letter_;
  }

 private:
  static constexpr int64_t kFrames = 16;

  void compute(int64_t t) {
    first_frame_ = t;
    end_frame_ = std::min(t + kFrames, similarity_.frames);
    first_letter_ = similarity_.letters;
    end_letter_ = 0;
    for (int64_t s = band_.first(t); s < band_.end(end_frame_ - 1); ++s) {
      const int64_t letter = chain_[static_cast<size_t>(s)].letter;
      if (letter == kAnySound) continue;
      first_letter_ = std::min(first_letter_, letter);
      end_letter_ = std::max(end_letter_, letter + 1);
    }
    end_letter_ = std::max(end_letter_, first_letter_);
    scores_.resize(static_cast<size_t>((end_frame_ - first_frame_) * (end_letter_ - first_letter_)));
    if (!scores_.empty())
      similarity_.block(first_frame_, end_frame_, first_letter_, end_letter_, scores_.data());
  }

  const Similarity& similarity_;
  std::span<const ChainState> chain_;
  const Band& band_;
  std::vector<float> scores_;
  int64_t first_frame_ = 0;
  int64_t end_frame_ = 0;
  int64_t first_letter_ = 0;
  int64_t end_letter_ = 0;
};

/// Two bits a cell.
class Steps {
 public:
  explicit Steps(int64_t cells) : bytes_(static_cast<size_t>(cells / 4 + 1), 0xFF) {}
  void set(int64_t cell, Step step) {
    uint8_t& byte = bytes_[static_cast<size_t>(cell / 4)];
    const int shift = static_cast<int>(cell % 4) * 2;
    byte = static_cast<uint8_t>((byte & ~(3 << shift)) | (step << shift));
  }
  Step get(int64_t cell) const {
    return static_cast<Step>(bytes_[static_cast<size_t>(cell / 4)] >> (cell % 4 * 2) & 3);
  }

 private:
  std::vector<uint8_t> bytes_;
};

double penalty_of_staying(const ChainState& state, int64_t lasted_frames, const ChainPathOptions& options) {
  if (state.letter == kAnySound) return 0.0;
  const bool is_long = !state.lasting && lasted_frames >= options.long_letter_frames;
  return options.stay_penalty + (is_long ? options.long_letter_penalty : 0.0F);
}

}  // namespace

std::vector<int64_t> best_chain_path(const Similarity& similarity, std::span<const ChainState> chain,
                                     const ChainPathOptions& options) {
  W2V_CHECK(is_chain(chain), "two optional states in a row, or none that is required");
  const int64_t count = std::ssize(chain);
  if (similarity.frames < least_frames(chain)) return {};
  const Band band(chain, similarity.frames);
  if (band.cells() > options.most_cells) {
    throw ConfigError(
        fmt::format("{} frames of audio with {} letters of text are too much to be aligned at once",
                    similarity.frames, count));
  }
  BandScores scores(similarity, chain, band);
  Steps steps(band.cells());
  std::vector<double> before(static_cast<size_t>(count), kImpossible);
  std::vector<double> now(static_cast<size_t>(count), kImpossible);
  // For how many frames the path into each cell has stayed there.
  std::vector<int64_t> lasted_before(static_cast<size_t>(count), 0);
  std::vector<int64_t> lasted_now(static_cast<size_t>(count), 0);
  for (int64_t t = 0; t < similarity.frames; ++t) {
    if (t % kFramesBetweenStops == 0 && options.stop_requested()) return {};
    const float* row = scores.of_frame(t);
    // What the band has left holds the values of two frames ago.
    for (int64_t s = t < 2 ? 0 : band.first(t - 2); s < std::min(band.first(t), count); ++s)
      now[static_cast<size_t>(s)] = kImpossible;
    for (int64_t s = band.first(t); s < band.end(t); ++s) {
      const auto i = static_cast<size_t>(s);
      const ChainState& state = chain[i];
      now[i] = kImpossible;
      if (t < state.first_frame || t >= state.end_frame) continue;
      double from = kImpossible;
      Step step = stay;
      if (t == 0) {
        if (s == 0 || (s == 1 && chain[0].optional)) {
          from = 0.0;
        }
      } else {
        const auto consider = [&](int64_t source, Step how, double penalty = 0.0) {
          if (source < 0 || !(before[static_cast<size_t>(source)] - penalty > from)) return;
          from = before[static_cast<size_t>(source)] - penalty;
          step = how;
        };
        consider(s, stay, penalty_of_staying(state, lasted_before[i], options));
        consider(s - 1, next);
        if (s >= 2 && chain[i - 1].optional) consider(s - 2, skip);
        if (state.jump_from >= 0) consider(state.jump_from, jump, options.jump_penalty);
      }
      if (from == kImpossible) continue;
      const float score = state.letter == kAnySound ? -options.any_penalty : row[state.letter];
      lasted_now[i] = step == stay ? lasted_before[i] + 1 : 1;
      now[i] = from + (state.optional ? std::min(score, 0.0F) : score);
      steps.set(band.cell(t, s), step);
    }
    std::swap(before, now);
    std::swap(lasted_before, lasted_now);
  }
  int64_t s = count - 1;
  if (chain.back().optional && count > 1 &&
      before[static_cast<size_t>(count - 2)] > before[static_cast<size_t>(count - 1)])
    s = count - 2;
  if (before[static_cast<size_t>(s)] == kImpossible) return {};
  std::vector<int64_t> path(static_cast<size_t>(similarity.frames));
  for (int64_t t = similarity.frames - 1; t >= 0; --t) {
    path[static_cast<size_t>(t)] = s;
    if (t == 0) break;
    const Step step = steps.get(band.cell(t, s));
    s = step == jump ? chain[static_cast<size_t>(s)].jump_from : s - step;
  }
  return path;
}

}  // namespace wav2vec
