#include "wav2vec/model/negative_sampler.h"

#include <algorithm>

#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

// The n-th valid frame of the batch as a row of z.
class ValidFrames {
 public:
  ValidFrames(int64_t frames, std::span<const int64_t> lengths) : frames_(frames), starts_{0} {
    for (int64_t length : lengths) starts_.push_back(starts_.back() + length);
  }
  int64_t count() const { return starts_.back(); }
  int64_t first_of(int64_t item) const { return starts_[static_cast<size_t>(item)]; }
  int64_t row(int64_t n) const {
    const auto next = std::upper_bound(starts_.begin(), starts_.end(), n);
    const int64_t item = next - starts_.begin() - 1;
    return item * frames_ + n - first_of(item);
  }

 private:
  int64_t frames_;
  std::vector<int64_t> starts_;
};

// Uniform over {0, …, count−1} without `excluded`; over all of them when there is no other.
int64_t draw_excluding(const RandomStream& random, uint64_t position, int64_t count, int64_t excluded) {
  if (count < 2) return 0;
  const auto r = static_cast<int64_t>(random.below(position, static_cast<uint64_t>(count - 1)));
  return r + (r >= excluded ? 1 : 0);
}

int64_t draw(const RandomStream& random, uint64_t position, int64_t count) {
  return static_cast<int64_t>(random.below(position, static_cast<uint64_t>(count)));
}

}  // namespace

NegativeTable sample_negatives(const ObjectiveConfig& config, int64_t frames,
                               std::span<const int64_t> lengths, const TrainingRandom& random) {
  const auto batch = static_cast<int64_t>(lengths.size());
  const int64_t same = config.negatives;
  NegativeTable table{frames, same + config.cross_sample_negatives, {}};
  table.rows.assign(static_cast<size_t>(batch * table.negatives * frames), 0);
  const ValidFrames valid(frames, lengths);
  for (int64_t b = 0; b < batch; ++b) {
    const int64_t length = lengths[static_cast<size_t>(b)];
    const RandomStream stream(random.seed, RandomUse::negatives, {random.item_keys[static_cast<size_t>(b)]});
    for (int64_t n = 0; n < table.negatives; ++n) {
      const bool cross = n >= same;
      const int64_t count = cross ? valid.count() : length;
      const int64_t column_start = (cross ? n - same : n) * length;
      for (int64_t t = 0; t < length; ++t) {
        const auto position = static_cast<uint64_t>(n * length + t);
        int64_t r = 0;
        switch (config.sampling) {
          case NegativeSampling::uniform:
            r = draw(stream, position, count);
            break;
          case NegativeSampling::exclude_positive:
            r = draw_excluding(stream, position, count, cross ? valid.first_of(b) + t : t);
            break;
          case NegativeSampling::fairseq_compat: {
            const int64_t per_frame = cross ? config.cross_sample_negatives : same;
            r = draw_excluding(stream, position, count, (column_start + t) / per_frame);
            break;
          }
        }
        table.rows[static_cast<size_t>((b * table.negatives + n) * frames + t)] =
            static_cast<int32_t>(cross ? valid.row(r) : b * frames + r);
      }
    }
  }
  return table;
}

NegativeTable fairseq_negatives(std::span<const int32_t> raw, int64_t batch, int64_t frames,
                                int64_t negatives, int64_t cross_sample_negatives) {
  NegativeTable table{frames, negatives + cross_sample_negatives, {}};
  W2V_CHECK(static_cast<int64_t>(raw.size()) == batch * table.negatives * frames,
            "one raw draw per negative");
  table.rows.assign(raw.begin(), raw.end());
  for (int64_t b = 0; b < batch; ++b) {
    int32_t* row = table.rows.data() + b * table.negatives * frames;
    for (int64_t j = 0; j < table.negatives * frames; ++j) {
      const bool cross = j >= negatives * frames;
      const int64_t column = cross ? j - negatives * frames : j;
      const int64_t excluded = column / (cross ? cross_sample_negatives : negatives);
      row[j] += row[j] >= excluded ? 1 : 0;
      if (!cross) row[j] += static_cast<int32_t>(b * frames);
    }
  }
  return table;
}

}  // namespace wav2vec
