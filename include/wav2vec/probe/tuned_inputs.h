#pragma once
// A network that is trained together with the head of a probe (fine-tuning).

#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "wav2vec/config/probe_input.h"
#include "wav2vec/data/manifest.h"
#include "wav2vec/probe/probe_inputs.h"

namespace wav2vec {

/// Decoded audio, normalised if the model was trained so; empty where it cannot be read.
using Waveforms = std::vector<std::vector<float>>;

/// At the rate of `model` (what --model takes).
Waveforms decode_for_tuning(const std::filesystem::path& model, std::span<const Utterance> utterances);

class TunedNetwork {
 public:
  /// Starts from the weights of `model`; `waveforms` must outlive this object.
  TunedNetwork(const std::filesystem::path& model, const ProbeInput& input, const Waveforms& waveforms);
  ~TunedNetwork();

  /// The layer's rows with the standardisation that its stored features have before tuning. This object must
  /// outlive what is returned.
  ProbeInputs inputs(const ProbeFeatures& features, std::span<const int64_t> training_utterances);

 private:
  struct Network;
  std::unique_ptr<Network> network_;
};

}  // namespace wav2vec
