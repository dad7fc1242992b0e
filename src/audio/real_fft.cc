#include "wav2vec/audio/real_fft.h"

#include <fftw3.h>

#include <mutex>

#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

// Only the execution of plans is thread-safe in FFTW.
std::mutex& planner() {
  static std::mutex mutex;
  return mutex;
}

struct FftwFree {
  void operator()(void* memory) const { fftw_free(memory); }
};

}  // namespace

struct RealFft::Plan {
  explicit Plan(size_t n)
      : samples(n), bins(n / 2 + 1), in(fftw_alloc_real(samples)), out(fftw_alloc_complex(bins)) {
    const std::lock_guard lock(planner());
    fft = fftw_plan_dft_r2c_1d(static_cast<int>(samples), in.get(), out.get(),
                               FFTW_ESTIMATE | FFTW_PRESERVE_INPUT);
    W2V_CHECK(fft != nullptr, "FFTW has no plan");
  }
  ~Plan() {
    const std::lock_guard lock(planner());
    fftw_destroy_plan(fft);
  }
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  size_t samples;
  size_t bins;
  std::unique_ptr<double[], FftwFree> in;
  std::unique_ptr<fftw_complex[], FftwFree> out;
  fftw_plan fft = nullptr;
};

RealFft::RealFft(size_t samples) : plan_(std::make_unique<Plan>(samples)) {}
RealFft::~RealFft() = default;

size_t RealFft::bins() const { return plan_->bins; }
std::span<double> RealFft::input() { return {plan_->in.get(), plan_->samples}; }

void RealFft::power_spectrum(std::span<double> power) {
  W2V_CHECK(power.size() == plan_->bins, "one value per bin");
  fftw_execute(plan_->fft);
  for (size_t k = 0; k < plan_->bins; ++k) {
    const double re = plan_->out[k][0];
    const double im = plan_->out[k][1];
    power[k] = re * re + im * im;
  }
}

}  // namespace wav2vec
