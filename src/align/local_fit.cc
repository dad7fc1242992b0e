#include "wav2vec/align/local_fit.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

constexpr float kImpossible = -std::numeric_limits<float>::infinity();
constexpr int64_t kFramesAtOnce = 64;

/// The best path into a state and the frame in which it began.
struct Cell {
  float nats = kImpossible;
  int32_t first_frame = 0;
};

}  // namespace

std::vector<LocalFit> local_fits(const Similarity& similarity, std::span<const ChainState> chain,
                                 const LocalFitOptions& options) {
  W2V_CHECK(is_chain(chain), "two optional states in a row, or none that is required");
  const size_t states = chain.size();
  std::vector<Cell> before(states);
  std::vector<Cell> now(states);
  std::vector<float> block(static_cast<size_t>(kFramesAtOnce * similarity.letters));
  std::vector<LocalFit> ends(static_cast<size_t>(similarity.frames));
  for (int64_t t = 0; t < similarity.frames; ++t) {
    if (t % kFramesAtOnce == 0) {
      similarity.block(t, std::min(t + kFramesAtOnce, similarity.frames), 0, similarity.letters,
                       block.data());
    }
    const float* scores = block.data() + t % kFramesAtOnce * similarity.letters;
    for (size_t s = 0; s < states; ++s) {
      Cell best = before[s];
      const auto consider = [&](const Cell& cell) {
        if (cell.nats > best.nats) best = cell;
      };
      const bool first = s == 0 || (s == 1 && chain[0].optional);
      if (first) consider({0.0F, static_cast<int32_t>(t)});
      if (s > 0) consider(before[s - 1]);
      if (s > 1 && chain[s - 1].optional) consider(before[s - 2]);
      const float score = scores[chain[s].letter];
      best.nats += (chain[s].optional ? std::min(score, 0.0F) : score) - options.frame_nats;
      now[s] = best;
    }
    const Cell& last = chain.back().optional && states > 1 && now[states - 2].nats > now[states - 1].nats
                           ? now[states - 2]
                           : now[states - 1];
    ends[static_cast<size_t>(t)] = {last.first_frame, t + 1, static_cast<double>(last.nats)};
    std::swap(before, now);
  }
  std::vector<LocalFit> fits;
  std::ranges::stable_sort(ends, std::greater{}, &LocalFit::nats);
  for (const LocalFit& end : ends) {
    if (std::ssize(fits) >= options.count || end.nats == -std::numeric_limits<double>::infinity()) break;
    const bool apart = std::ranges::all_of(fits, [&](const LocalFit& fit) {
      return std::abs(fit.end_frame - end.end_frame) >= options.apart_frames;
    });
    if (apart) fits.push_back(end);
  }
  return fits;
}

}  // namespace wav2vec
