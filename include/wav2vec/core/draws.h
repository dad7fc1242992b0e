#pragma once
// Numbers of a random stream one after the other, where each needs no place of its own.

#include <cmath>
#include <cstdint>
#include <numbers>

#include "wav2vec/core/rng.h"

namespace wav2vec {

class Draws {
 public:
  explicit Draws(const RandomStream& random) : random_(random) {}

  double uniform() { return random_.uniform(position_++); }
  double between(double least, double most) { return least + (most - least) * uniform(); }
  uint64_t below(uint64_t count) { return random_.below(position_++, count); }
  /// Of mean 0 and standard deviation 1 (Box and Muller 1958); takes two.
  double normal() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
  }

 private:
  RandomStream random_;
  uint64_t position_ = 0;
};

}  // namespace wav2vec
