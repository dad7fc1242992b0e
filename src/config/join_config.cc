#include "wav2vec/config/join_config.h"

#include "wav2vec/config/check_within.h"

namespace wav2vec {

void JoinConfig::visit(FieldVisitor& v) {
  v.field("seconds", seconds,
          "utterances stand one after the other in recordings of up to this; 0 = each alone");
  v.field("probability", probability, "that an utterance that fits behind another one stands there");
  v.field("longest_pause_seconds", longest_pause_seconds, "longest silence between two and at the ends");
  v.field("gain_db", gain_db, "each utterance is louder or softer by up to this, in dB");
  v.field("noise_probability", noise_probability, "share of recordings with steady noise or music below");
  v.field("noise_min_snr_db", noise_min_snr_db, "lowest signal-to-noise ratio in dB");
  v.field("noise_max_snr_db", noise_max_snr_db, "highest signal-to-noise ratio in dB");
  v.field("telephone_probability", telephone_probability, "share of recordings with 300 to 3400 Hz alone");
}

void JoinConfig::validate() const {
  check_within("join", "seconds", seconds, 0.0, 600.0);
  check_within("join", "probability", probability, 0.0, 1.0);
  check_within("join", "longest_pause_seconds", longest_pause_seconds, 0.0, 60.0);
  check_within("join", "gain_db", gain_db, 0.0, 60.0);
  check_within("join", "noise_probability", noise_probability, 0.0, 1.0);
  check_within("join", "noise_min_snr_db", noise_min_snr_db, -40.0, 100.0);
  check_within("join", "noise_max_snr_db", noise_max_snr_db, noise_min_snr_db, 100.0);
  check_within("join", "telephone_probability", telephone_probability, 0.0, 1.0);
}

}  // namespace wav2vec
