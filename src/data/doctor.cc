#include "wav2vec/data/doctor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "data/parallel.h"
#include "data/signal_checks.h"
#include "wav2vec/core/escape.h"

namespace wav2vec {
namespace {

constexpr float kSilentPeak = 1e-3F;
constexpr float kOverRangePeak = 2.0F;
constexpr double kClippedShare = 1e-3;
constexpr double kDcOffset = 0.01;
constexpr double kDcShareOfRms = 0.05;
constexpr double kEdgeDb = -25.0;
constexpr double kMixLossDb = 20.0;
constexpr int64_t kLengthTolerance = 160;

double decibels(double amplitude) { return 20.0 * std::log10(std::max(amplitude, 1e-10)); }

/// What one decoding tells; comparing with other utterances comes afterwards.
struct Examination {
  std::vector<Finding> findings;
  int64_t samples = -1;
  uint64_t hash = 0;
};

FindingKind kind_of(AudioFault fault) {
  if (fault == AudioFault::empty) return FindingKind::empty;
  if (fault == AudioFault::non_finite) return FindingKind::non_finite;
  return FindingKind::unreadable;
}

class Examiner {
 public:
  Examiner(const DoctorOptions& options, const BandMeter& meter) : options_(options), meter_(meter) {}

  Examination examine(const Utterance& u, int64_t index) const {
    Examination result;
    const auto find = [&](FindingKind kind, std::string detail) {
      result.findings.push_back({index, kind, std::move(detail)});
    };
    try {
      const Waveform wave = read_audio(u.audio, options_.audio, u.start_seconds, u.duration_seconds);
      result.samples = std::ssize(wave.samples);
      result.hash = content_hash(wave.samples);
      check_length(u, wave, find);
      check_signal(wave, find);
    } catch (const AudioError& error) {
      find(kind_of(error.fault()), error.what());
    }
    return result;
  }

 private:
  template <class Find>
  void check_length(const Utterance& u, const Waveform& wave, const Find& find) const {
    const int64_t samples = std::ssize(wave.samples);
    if (samples < options_.min_samples)
      find(FindingKind::too_short, fmt::format("{} samples, fewer than {}", samples, options_.min_samples));
    if (wave.missing_frames > 0) {
      find(FindingKind::truncated, fmt::format("{} of {} frames are there", wave.source_frames,
                                               wave.source_frames + wave.missing_frames));
    } else if (wave.missing_end) {
      find(FindingKind::truncated, fmt::format("no end-of-stream page after {} frames", wave.source_frames));
    }
    if (wave.surplus_frames > 0)
      find(FindingKind::header_mismatch,
           fmt::format("{} frames decoded, the header claims {}", wave.source_frames,
                       wave.source_frames - wave.surplus_frames));
    check_manifest_length(u, wave, find);
  }

  template <class Find>
  void check_manifest_length(const Utterance& u, const Waveform& wave, const Find& find) const {
    if (u.samples < 0) return;
    const int64_t expected = resampled(u.samples);
    const int64_t samples = std::ssize(wave.samples);
    const int64_t difference = std::abs(samples - expected);
    if (difference > kLengthTolerance && difference > expected / 100)
      find(FindingKind::length_mismatch, fmt::format("{} samples, the manifest says {}", samples, expected));
  }

  template <class Find>
  void check_signal(const Waveform& wave, const Find& find) const {
    const float peak = peak_magnitude(wave.samples);
    if (wave.mix_loss_db > kMixLossDb)
      find(FindingKind::cancelled,
           fmt::format("the mean of {} channels is {:.0f} dB below them; choose one channel",
                       wave.source_channels, wave.mix_loss_db));
    if (peak < kSilentPeak) {
      find(FindingKind::silent, fmt::format("peak {:.1f} dBFS", decibels(peak)));
      return;
    }
    if (peak > kOverRangePeak) {
      find(FindingKind::over_range, fmt::format("peak {:.1f}", peak));
      return;
    }
    const double clipped = clipped_share(wave.samples);
    if (clipped > kClippedShare)
      find(FindingKind::clipped, fmt::format("{:.2f} % of the samples at full scale", 100.0 * clipped));
    const double mean = mean_value(wave.samples);
    if (std::fabs(mean) > std::max(kDcOffset, kDcShareOfRms * root_mean_square(wave.samples)))
      find(FindingKind::dc_offset, fmt::format("mean {:+.4f}", mean));
    const double edge = meter_.edge_db(wave.samples);
    if (edge < kEdgeDb)
      find(FindingKind::band_limited, fmt::format("the spectrum falls by {:.0f} dB across 4 kHz", -edge));
  }

  int64_t resampled(int64_t manifest_samples) const {
    return std::llround(static_cast<double>(manifest_samples) *
                        static_cast<double>(options_.audio.sample_rate_hz) /
                        static_cast<double>(kManifestRateHz));
  }

  const DoctorOptions& options_;
  const BandMeter& meter_;
};

bool has(const Examination& e, FindingKind kind) {
  return std::any_of(e.findings.begin(), e.findings.end(), [&](const Finding& f) { return f.kind == kind; });
}

void find_duplicates(const Manifest& manifest, std::vector<Examination>& all) {
  std::unordered_map<uint64_t, size_t> first_with;
  for (size_t i = 0; i < all.size(); ++i) {
    // Files of silence are all alike; that is said already.
    if (all[i].samples < 0 || has(all[i], FindingKind::silent)) continue;
    const auto [first, is_new] = first_with.emplace(all[i].hash ^ static_cast<uint64_t>(all[i].samples), i);
    if (is_new) continue;
    all[i].findings.push_back(
        {static_cast<int64_t>(i), FindingKind::duplicate,
         fmt::format("the same samples as {}", printable(manifest.utterances[first->second].id))});
  }
}

bool is_kept(const Examination& e, bool strict) {
  return std::none_of(e.findings.begin(), e.findings.end(), [&](const Finding& f) {
    return is_fatal(f.kind) || (strict && f.kind == FindingKind::truncated);
  });
}

}  // namespace

DoctorReport examine_manifest(const Manifest& manifest, const DoctorOptions& options) {
  DoctorOptions quiet = options;
  quiet.audio.announce = false;
  const BandMeter meter(options.audio.sample_rate_hz);
  const Examiner examiner(quiet, meter);
  std::vector<Examination> all(manifest.utterances.size());
  for_each_index(std::ssize(manifest.utterances), options.jobs, [&](int64_t i) {
    all[static_cast<size_t>(i)] = examiner.examine(manifest.utterances[static_cast<size_t>(i)], i);
  });
  find_duplicates(manifest, all);

  DoctorReport report;
  report.utterances = std::ssize(all);
  for (size_t i = 0; i < all.size(); ++i) {
    std::sort(all[i].findings.begin(), all[i].findings.end(),
              [](const Finding& a, const Finding& b) { return a.kind < b.kind; });
    for (const Finding& finding : all[i].findings) {
      ++report.counts[static_cast<size_t>(finding.kind)];
      report.findings.push_back(finding);
    }
    if (!is_kept(all[i], options.strict)) continue;
    report.cleaned.utterances.push_back(manifest.utterances[i]);
    report.cleaned.utterances.back().samples = static_cast<int64_t>(
        std::llround(static_cast<double>(all[i].samples) * static_cast<double>(kManifestRateHz) /
                     static_cast<double>(options.audio.sample_rate_hz)));
  }
  return report;
}

}  // namespace wav2vec
