#pragma once
// Which features a probe learns from, as a recipe names them.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wav2vec {

/// One kind of features with its context. Written as
///
///     logmel                    40 log mel filters (Kaldi's, 25 ms every 10 ms)
///     mfcc                      13 MFCC
///     z, c, encoder.4 …         a layer of the model
///     mix(z,context.4,c)        several layers of equal width and rate, weighted; the weights are learned
///     random:c                  the same network with the weights it had before any training
///     tuned:c                   the model is trained together with the head
///     cmvn:mfcc, cmvn:c         each channel with mean 0 and variance 1 in every utterance
///     mfcc+2                    with deltas up to that order
///     logmel[-20,0]             stacked: every frame with the 20 before it; [-10,10] 10 to both sides;
///                               c[3,3] the third frame behind, which has heard more
struct ProbeInput {
  enum class Source { logmel, mfcc, model, random_model };

  std::string name;  ///< as it was written
  Source source = Source::model;
  std::vector<std::string> layers = {};  ///< of a model; more than one: weighted
  bool tuned = false;
  bool utterance_cmvn = false;
  int64_t delta_order = 0;
  int64_t first_frame = 0;  ///< of those stacked for frame t, relative to it
  int64_t last_frame = 0;

  int64_t stacked_frames() const { return last_frame - first_frame + 1; }
  bool of_network() const { return source == Source::model || source == Source::random_model; }
};

/// Throws ConfigError with the forms above for anything else; whether the model has the layers is not known
/// here.
ProbeInput parse_probe_input(std::string_view text);

}  // namespace wav2vec
