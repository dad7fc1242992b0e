#include "wav2vec/audio/resampler.h"

#include <fmt/format.h>
#include <soxr.h>

#include <algorithm>

#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

constexpr size_t kBlockSamples = 65536;

}  // namespace

int64_t resampled_length(int64_t samples, int64_t from_hz, int64_t to_hz) {
  W2V_CHECK(samples >= 0 && from_hz > 0 && to_hz > 0, "resampled_length of impossible values");
  // Whole seconds apart from the rest: no product beyond 64 bits.
  return samples / from_hz * to_hz + (samples % from_hz * to_hz + from_hz - 1) / from_hz;
}

struct StreamResampler::Engine {
  Engine(int64_t from_hz, int64_t to_hz) {
    const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
    const soxr_runtime_spec_t one_thread = soxr_runtime_spec(1);
    soxr_error_t error = nullptr;
    soxr = soxr_create(static_cast<double>(from_hz), static_cast<double>(to_hz), 1, &error, nullptr, &quality,
                       &one_thread);
    W2V_CHECK(error == nullptr && soxr != nullptr, fmt::format("soxr: {}", soxr_strerror(error)));
  }
  ~Engine() { soxr_delete(soxr); }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// `in` null: the end of the signal.
  size_t process(const float* in, size_t count, size_t* used, std::vector<float>& out) {
    size_t produced = 0;
    const soxr_error_t error = soxr_process(soxr, in, count, used, out.data(), out.size(), &produced);
    W2V_CHECK(error == nullptr, fmt::format("soxr: {}", error));
    return produced;
  }

  soxr_t soxr = nullptr;
};

StreamResampler::StreamResampler(int64_t from_hz, int64_t to_hz) : from_hz_(from_hz), to_hz_(to_hz) {
  if (from_hz == to_hz) return;
  engine_ = std::make_unique<Engine>(from_hz, to_hz);
  block_.resize(kBlockSamples);
}

StreamResampler::~StreamResampler() = default;

void StreamResampler::push(std::span<const float> samples, const SampleSink& sink) {
  pushed_ += std::ssize(samples);
  if (!engine_) {
    if (!samples.empty()) sink(samples);
    return;
  }
  while (!samples.empty()) {
    const std::span<const float> piece = samples.first(std::min(samples.size(), kBlockSamples));
    size_t used = 0;
    const size_t produced = engine_->process(piece.data(), piece.size(), &used, block_);
    W2V_CHECK(used > 0 || produced > 0, "soxr neither takes nor gives");
    samples = samples.subspan(used);
    deliver(static_cast<int64_t>(produced), sink);
  }
}

void StreamResampler::finish(const SampleSink& sink) {
  if (!engine_) return;
  const int64_t length = resampled_length(pushed_, from_hz_, to_hz_);
  while (delivered_ < length) {
    const auto produced = static_cast<int64_t>(engine_->process(nullptr, 0, nullptr, block_));
    if (produced == 0) break;
    deliver(std::min(produced, length - delivered_), sink);
  }
  // soxr rounds the length down at times: the last sample is then the zero behind the signal.
  std::fill(block_.begin(), block_.end(), 0.0F);
  while (delivered_ < length) deliver(std::min<int64_t>(length - delivered_, kBlockSamples), sink);
}

void StreamResampler::deliver(int64_t samples, const SampleSink& sink) {
  if (samples == 0) return;
  delivered_ += samples;
  sink(std::span(block_).first(static_cast<size_t>(samples)));
}

std::vector<float> resample(std::span<const float> samples, int64_t from_hz, int64_t to_hz) {
  std::vector<float> out;
  out.reserve(static_cast<size_t>(resampled_length(std::ssize(samples), from_hz, to_hz)));
  const auto append = [&](std::span<const float> piece) {
    out.insert(out.end(), piece.begin(), piece.end());
  };
  StreamResampler stream(from_hz, to_hz);
  stream.push(samples, append);
  stream.finish(append);
  return out;
}

std::string resampler_description() {
  const std::string version = soxr_version();  // "libsoxr-0.1.3"
  return fmt::format("soxr {} HQ", version.substr(version.rfind('-') + 1));
}

}  // namespace wav2vec
