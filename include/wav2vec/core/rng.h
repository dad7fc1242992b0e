#pragma once
// Counter-based random numbers: a value is a function of (key, counter) alone. Nothing has to be saved to
// resume, and a draw does not depend on thread, rank or the order in which items are visited.

#include <cstdint>
#include <initializer_list>

namespace wav2vec {

/// What a stream is for; part of its key, so that two uses of one seed never share numbers.
enum class RandomUse : uint64_t {
  initial_weights = 1,
  shuffle = 2,
  crop = 3,
  negatives = 4,
  dropout = 5,
  split = 6,
  dither = 7,
  augmentation = 8,
  bootstrap = 9,
  label_budget = 10,
  programme = 11,
  join = 12,
  synthesis = 13,
  wrong_text = 14,
  attention = 15,
  test_shuffle = 16,
};

/// SplitMix64's finaliser: a bijection of 64-bit words that spreads every input bit.
constexpr uint64_t mix64(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

/// A stream of random numbers that can be read at any position.
class RandomStream {
 public:
  /// `coordinates` name the stream: epoch, update, item, layer …
  constexpr RandomStream(uint64_t seed, RandomUse use, std::initializer_list<uint64_t> coordinates) {
    key_ = mix64(seed + kGolden * static_cast<uint64_t>(use));
    // The product keeps key and coordinate from changing places: seed 1, item 2 is not seed 2, item 1.
    for (uint64_t c : coordinates) key_ = mix64(key_ * kGolden ^ mix64(c + kGolden));
  }

  constexpr uint64_t bits(uint64_t position) const { return mix64(key_ + (position + 1) * kGolden); }

  /// Uniform in [0, 1), 53 bits.
  constexpr double uniform(uint64_t position) const {
    return static_cast<double>(bits(position) >> 11) * 0x1.0p-53;
  }

  /// Uniform in {0, …, count−1}; count > 0. The bias of the multiply-shift is below count / 2^64.
  constexpr uint64_t below(uint64_t position, uint64_t count) const {
    return static_cast<uint64_t>((static_cast<Word128>(bits(position)) * count) >> 64);
  }

 private:
  __extension__ using Word128 = unsigned __int128;
  static constexpr uint64_t kGolden = 0x9E3779B97F4A7C15ULL;
  uint64_t key_ = 0;
};

}  // namespace wav2vec
