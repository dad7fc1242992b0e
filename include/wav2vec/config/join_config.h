#pragma once
// How training utterances become recordings of many lines: section [join] of a head's recipe.

#include "wav2vec/config/fields.h"

namespace wav2vec {

struct JoinConfig {
  double seconds = 0.0;
  double probability = 0.8;
  double longest_pause_seconds = 2.0;
  double gain_db = 6.0;
  double noise_probability = 0.0;
  double noise_min_snr_db = 5.0;
  double noise_max_snr_db = 30.0;
  double telephone_probability = 0.0;

  void visit(FieldVisitor& v);
  void validate() const;
};

}  // namespace wav2vec
