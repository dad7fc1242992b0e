#pragma once
// Examines every file of a manifest for what spoils training. the thresholds stand beside each kind.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wav2vec/audio/audio_reader.h"
#include "wav2vec/data/manifest.h"

namespace wav2vec {

enum class FindingKind {
  unreadable,       ///< cannot be opened or decoded
  empty,            ///< no sample
  non_finite,       ///< NaN, infinity or a magnitude above 1e6
  too_short,        ///< below DoctorOptions::min_samples
  silent,           ///< peak below -60 dBFS
  duplicate,        ///< decodes to the same samples as an earlier utterance
  truncated,        ///< the header claims more than is there, or an Ogg file lacks its last page
  header_mismatch,  ///< more decoded than the header claims
  length_mismatch,  ///< the manifest's length is off by more than 1 % and 160 samples
  clipped,          ///< more than 0.1 % of the samples in runs of >= 3 of one sign within 1 % of full scale
  dc_offset,        ///< mean above 1 % of full scale and 5 % of the RMS
  /// 4.3..5.1 kHz lies more than 25 dB below 2.6..3.4 kHz: 8 kHz audio in disguise, or a muffled recording.
  /// (Speech resampled from 8 kHz: found in 98 of 100 files; LibriSpeech and speechocean762: 7 of 2,751.)
  band_limited,
  over_range,  ///< float samples above 2: perhaps scaled as integers
  cancelled,   ///< the mean of the channels loses more than 20 dB: one channel is the other's inverse
};
inline constexpr std::string_view kFindingNames[] = {
    "unreadable", "empty",        "non_finite",      "too_short",       "silent",
    "duplicate",  "truncated",    "header_mismatch", "length_mismatch", "clipped",
    "dc_offset",  "band_limited", "over_range",      "cancelled"};
inline constexpr size_t kFindingKinds = std::size(kFindingNames);

/// Utterances with these are not in the cleaned manifest.
constexpr bool is_fatal(FindingKind kind) { return kind <= FindingKind::duplicate; }

struct Finding {
  int64_t utterance = 0;
  FindingKind kind = FindingKind::unreadable;
  std::string detail;  ///< figures, printable
};

struct DoctorOptions {
  AudioOptions audio;         ///< rate at which signals are judged
  int64_t min_samples = 465;  ///< at audio.sample_rate_hz; one frame of the published encoder
  bool strict = false;        ///< leave truncated files out as well
  int64_t jobs = 1;
};

struct DoctorReport {
  std::vector<Finding> findings;  ///< by utterance, then kind
  std::array<int64_t, kFindingKinds> counts{};
  int64_t utterances = 0;
  Manifest cleaned;  ///< what remains, with the decoded lengths

  int64_t count(FindingKind kind) const { return counts[static_cast<size_t>(kind)]; }
};

/// Decodes everything once. The report does not depend on `jobs`.
DoctorReport examine_manifest(const Manifest& manifest, const DoctorOptions& options);

}  // namespace wav2vec
