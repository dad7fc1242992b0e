#pragma once
// The fast probe of a network in training: linear layers on z and c that tell phones frame by frame.

#include <filesystem>
#include <functional>

#include "wav2vec/config/training_probe_config.h"
#include "wav2vec/train/pretrainer.h"

namespace wav2vec {

/// What PretrainOptions::probe takes: error rates on held-out speakers as "z_error_rate" and "c_error_rate",
/// the latter being the one that checkpoints are compared by. The same utterances, split and seed every time.
/// Throws at once (ConfigError, DataError) when manifests or labels cannot be used.
std::function<ProbeReading(const std::filesystem::path& model)> make_training_probe(
    const TrainingProbeConfig& config, std::function<bool()> stop_requested);

}  // namespace wav2vec
