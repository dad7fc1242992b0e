#pragma once
// Fourier transform of real signals (FFTW), in double precision: what is faint beside a loud neighbour keeps
// its digits.

#include <cstddef>
#include <memory>
#include <span>

namespace wav2vec {

/// One per thread: it holds the transform's memory.
class RealFft {
 public:
  explicit RealFft(size_t samples);
  ~RealFft();

  size_t bins() const;
  /// What is to be transformed: `samples` values; a transform leaves them as they are.
  std::span<double> input();
  /// |X[k]|² of the input, k = 0 … samples / 2.
  void power_spectrum(std::span<double> power);

 private:
  struct Plan;
  std::unique_ptr<Plan> plan_;
};

}  // namespace wav2vec
