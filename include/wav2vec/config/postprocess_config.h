#pragma once
// What may be done to features before they are written, under Kaldi's names: CMVN (apply-cmvn,
// apply-cmvn-sliding), deltas (add-deltas), stacking (splice-feats), subsampling (subsample-feats). By
// default nothing.

#include <cstdint>

#include "wav2vec/config/fields.h"

namespace wav2vec {

/// Where mean and variance come from: all frames of the utterance, of its speaker, of everything, or those
/// around each frame.
enum class CmvnKind { none, utterance, speaker, global, sliding };
inline constexpr std::string_view kCmvnKindNames[] = {"none", "utterance", "speaker", "global", "sliding"};

struct CmvnConfig {
  CmvnKind cmvn = CmvnKind::none;
  bool norm_vars = false;
  int64_t cmn_window = 600;      ///< sliding: frames
  int64_t min_cmn_window = 100;  ///< sliding, not centred: the window where the utterance begins
  bool center = false;           ///< sliding: a window around the frame instead of before it

  void visit(FieldVisitor& v);
  void validate() const;
};

struct DeltasConfig {
  int64_t delta_order = 0;   ///< 2: deltas and delta-deltas
  int64_t delta_window = 2;  ///< frames to either side

  void visit(FieldVisitor& v);
  void validate() const;
};

struct SpliceConfig {
  int64_t left_context = 0;   ///< frames before
  int64_t right_context = 0;  ///< frames behind

  void visit(FieldVisitor& v);
  void validate() const;
};

struct SubsampleConfig {
  int64_t subsample = 1;         ///< every n-th frame
  int64_t subsample_offset = 0;  ///< the first frame that is kept

  void visit(FieldVisitor& v);
  void validate() const;
};

/// All of it, in this order. Errors name the section [postprocess].
struct PostprocessConfig {
  CmvnConfig cmvn;
  DeltasConfig deltas;
  SpliceConfig splice;
  SubsampleConfig subsample;

  void visit(FieldVisitor& v);
  void validate() const;
};

}  // namespace wav2vec
