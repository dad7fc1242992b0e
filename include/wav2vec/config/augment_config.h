#pragma once
// Changes of the waveform while training, after Kharitonov et al. 2020, "Data Augmenting Contrastive Learning
// of Speech Representations in the Time Domain" (WavAugment): section [augment] of a recipe.

#include <cstdint>
#include <string>
#include <vector>

#include "wav2vec/config/fields.h"

namespace wav2vec {

/// Who hears the augmented waveform: nobody; the context network alone (c, the past), while z of positives
/// and negatives is of the clean one; or both.
enum class AugmentedPart { none, past, both };
inline constexpr std::string_view kAugmentedPartNames[] = {"none", "past", "both"};

/// Every effect is drawn by itself: whether, and how strong within its range (uniform). They are applied in
/// the order of this list.
struct AugmentConfig {
  AugmentedPart apply_to = AugmentedPart::none;
  double pitch_probability = 1.0;
  double pitch_cents = 300.0;
  double reverb_probability = 1.0;
  double reverb_min_seconds = 0.1;
  double reverb_max_seconds = 0.6;
  double reverb_min_direct_db = 0.0;
  double reverb_max_direct_db = 12.0;
  double noise_probability = 1.0;
  std::vector<std::string> noise;
  int64_t babble_talkers = 2;
  double noise_min_snr_db = 5.0;
  double noise_max_snr_db = 15.0;
  double band_reject_probability = 0.0;
  double band_reject_mel = 300.0;
  double gain_probability = 0.0;
  double gain_db = 6.0;

  bool enabled() const { return apply_to != AugmentedPart::none; }
  void visit(FieldVisitor& v);
  void validate() const;
};

}  // namespace wav2vec
