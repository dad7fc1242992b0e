#include "wav2vec/config/augment_config.h"

#include <fmt/format.h>

#include "wav2vec/config/check_within.h"

namespace wav2vec {
namespace {

void check_order(std::string_view key, double least, double most) {
  if (least > most)
    fail_field("augment", key,
               fmt::format("the range {}..{} is empty; give the smaller value first", least, most));
}

}  // namespace

void AugmentConfig::visit(FieldVisitor& v) {
  v.choice("apply_to", apply_to, kAugmentedPartNames,
           "what hears the augmented audio: nothing, the context network alone, or encoder and targets too");
  v.field("pitch_probability", pitch_probability, "share of utterances whose pitch is shifted");
  v.field("pitch_cents", pitch_cents, "shift by up to this, up or down; 100 cents are a semitone");
  v.field("reverb_probability", reverb_probability, "share of utterances put into a room");
  v.field("reverb_min_seconds", reverb_min_seconds, "shortest reverberation time (RT60)");
  v.field("reverb_max_seconds", reverb_max_seconds, "longest reverberation time (RT60)");
  v.field("reverb_min_direct_db", reverb_min_direct_db,
          "least direct sound over reverberation in dB: far away");
  v.field("reverb_max_direct_db", reverb_max_direct_db,
          "most direct sound over reverberation in dB: close by");
  v.field("noise_probability", noise_probability, "share of utterances that get additive noise");
  v.field("noise", noise, "manifests of noise; empty = babble of other training utterances");
  v.field("babble_talkers", babble_talkers, "utterances that make the babble where noise is empty");
  v.field("noise_min_snr_db", noise_min_snr_db, "lowest signal-to-noise ratio in dB");
  v.field("noise_max_snr_db", noise_max_snr_db, "highest signal-to-noise ratio in dB");
  v.field("band_reject_probability", band_reject_probability, "share of utterances that lose a band");
  v.field("band_reject_mel", band_reject_mel, "widest rejected band in mel");
  v.field("gain_probability", gain_probability, "share of utterances that get another level");
  v.field("gain_db", gain_db, "louder or softer by up to this, in dB");
}

void AugmentConfig::validate() const {
  check_within("augment", "pitch_probability", pitch_probability, 0.0, 1.0);
  check_within("augment", "pitch_cents", pitch_cents, 0.0, 1200.0);
  check_within("augment", "reverb_probability", reverb_probability, 0.0, 1.0);
  check_within("augment", "reverb_min_seconds", reverb_min_seconds, 0.02, 5.0);
  check_within("augment", "reverb_max_seconds", reverb_max_seconds, 0.02, 5.0);
  check_order("reverb_min_seconds", reverb_min_seconds, reverb_max_seconds);
  check_within("augment", "reverb_min_direct_db", reverb_min_direct_db, -40.0, 60.0);
  check_within("augment", "reverb_max_direct_db", reverb_max_direct_db, -40.0, 60.0);
  check_order("reverb_min_direct_db", reverb_min_direct_db, reverb_max_direct_db);
  check_within("augment", "noise_probability", noise_probability, 0.0, 1.0);
  if (babble_talkers < 1 || babble_talkers > 16)
    fail_field("augment", "babble_talkers", fmt::format("{} is not within 1..16", babble_talkers));
  check_within("augment", "noise_min_snr_db", noise_min_snr_db, -40.0, 100.0);
  check_within("augment", "noise_max_snr_db", noise_max_snr_db, -40.0, 100.0);
  check_order("noise_min_snr_db", noise_min_snr_db, noise_max_snr_db);
  check_within("augment", "band_reject_probability", band_reject_probability, 0.0, 1.0);
  check_within("augment", "band_reject_mel", band_reject_mel, 1.0, 4000.0);
  check_within("augment", "gain_probability", gain_probability, 0.0, 1.0);
  check_within("augment", "gain_db", gain_db, 0.0, 60.0);
}

}  // namespace wav2vec
