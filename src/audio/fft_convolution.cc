#include "audio/fft_convolution.h"

#include <fftw3.h>

#include <algorithm>
#include <bit>
#include <complex>
#include <memory>
#include <mutex>

#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

constexpr size_t kLeastBlock = 4096;

struct FftwFree {
  void operator()(void* memory) const { fftwf_free(memory); }
};

/// Of one size, with its own memory. FFTW_ESTIMATE measures nothing: the same plan, so the same bits, always.
class RealTransform {
 public:
  explicit RealTransform(size_t size)
      : size_(size),
        reals_(fftwf_alloc_real(size)),
        spectrum_(reinterpret_cast<std::complex<float>*>(fftwf_alloc_complex(bins()))) {
    const std::lock_guard lock(planner());
    auto* const complexes = reinterpret_cast<fftwf_complex*>(spectrum_.get());
    const auto count = static_cast<int>(size);
    forward_ = fftwf_plan_dft_r2c_1d(count, reals_.get(), complexes, FFTW_ESTIMATE);
    inverse_ = fftwf_plan_dft_c2r_1d(count, complexes, reals_.get(), FFTW_ESTIMATE);
    W2V_CHECK(forward_ != nullptr && inverse_ != nullptr, "no FFT plan");
  }
  ~RealTransform() {
    const std::lock_guard lock(planner());
    fftwf_destroy_plan(forward_);
    fftwf_destroy_plan(inverse_);
  }
  RealTransform(const RealTransform&) = delete;
  RealTransform& operator=(const RealTransform&) = delete;

  std::span<float> reals() { return {reals_.get(), size_}; }
  std::span<std::complex<float>> spectrum() { return {spectrum_.get(), bins()}; }
  void forward() { fftwf_execute(forward_); }
  /// Times the size; destroys the spectrum.
  void inverse() { fftwf_execute(inverse_); }

 private:
  size_t bins() const { return size_ / 2 + 1; }
  /// FFTW's planner is not thread-safe.
  static std::mutex& planner() {
    static std::mutex mutex;
    return mutex;
  }

  size_t size_;
  std::unique_ptr<float[], FftwFree> reals_;
  std::unique_ptr<std::complex<float>[], FftwFree> spectrum_;
  fftwf_plan forward_ = nullptr;
  fftwf_plan inverse_ = nullptr;
};

void load(std::span<const float> samples, RealTransform& transform) {
  std::copy(samples.begin(), samples.end(), transform.reals().begin());
  std::fill(transform.reals().begin() + std::ssize(samples), transform.reals().end(), 0.0F);
  transform.forward();
}

}  // namespace

std::vector<float> convolve(std::span<const float> samples, std::span<const float> filter, int64_t delay) {
  W2V_CHECK(!filter.empty() && delay >= 0 && delay < std::ssize(filter),
            "convolve with an impossible filter");
  const size_t size = std::max(kLeastBlock, std::bit_ceil(4 * filter.size()));
  const size_t block = size - filter.size() + 1;
  RealTransform transform(size);
  load(filter, transform);
  std::vector<std::complex<float>> response(transform.spectrum().begin(), transform.spectrum().end());
  for (std::complex<float>& bin : response) bin /= static_cast<float>(size);

  std::vector<float> out(samples.size(), 0.0F);
  for (size_t begin = 0; begin < samples.size(); begin += block) {
    load(samples.subspan(begin, std::min(block, samples.size() - begin)), transform);
    const std::span<std::complex<float>> spectrum = transform.spectrum();
    for (size_t k = 0; k < spectrum.size(); ++k) {
      // Written out: std::complex's product looks for infinities.
      const std::complex<float> a = spectrum[k];
      const std::complex<float> b = response[k];
      spectrum[k] = {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
    }
    transform.inverse();
    const int64_t shift = static_cast<int64_t>(begin) - delay;
    const int64_t first = std::max<int64_t>(0, -shift);
    const int64_t last = std::min(static_cast<int64_t>(size), std::ssize(samples) - shift);
    for (int64_t i = first; i < last; ++i)
      out[static_cast<size_t>(shift + i)] += transform.reals()[static_cast<size_t>(i)];
  }
  return out;
}

}  // namespace wav2vec
