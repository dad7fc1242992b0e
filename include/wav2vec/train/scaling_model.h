#pragma once
// How long an update takes on several ranks: a model of compute, exchange and input, from constants that are
// measured. docs/scaling.md has the formulas and what they were checked against.

#include <cstdint>

namespace wav2vec {

/// What was measured on one machine.
struct MachineMeasures {
  double step_seconds_one_thread = 0.0;  ///< forward, loss and backward per second of audio
  double step_seconds = 0.0;             ///< the same with `threads`
  int64_t threads = 1;
  double backward_share = 0.6;            ///< of a step
  double update_seconds_per_value = 0.0;  ///< norm, clipping, optimiser, with `threads`
  double add_seconds_per_value = 0.0;     ///< a sum of two gradients, by one thread
};

struct Cluster {
  int64_t nodes = 1;
  int64_t ranks_per_node = 1;
  int64_t cores_per_node = 1;
  double network_bytes_per_second = 0.0;  ///< of a node, each way, as it is sold
  double network_share = 0.7;             ///< of it that gets through, a bucket at a time
  double copy_seconds_per_byte = 4.5e-9;  ///< of a core that sends one and receives one
  double message_seconds = 5e-6;          ///< of a core for each message, sent or received
  double latency_seconds = 220e-6;        ///< of each half of a bucket, until ranks have met in it

  int64_t ranks() const { return nodes * ranks_per_node; }
};

struct Workload {
  int64_t parameters = 0;
  double update_audio_seconds = 0.0;  ///< of all micro-batches of an update
  int64_t micro_batches = 1;
  double bucket_bytes = 4.0 * 1024 * 1024;  ///< as f32
  double wire_bytes_per_value = 4.0;
  double audio_bytes_per_second = 0.0;  ///< of the files, per second of audio
};

struct ScalingPrediction {
  double compute_seconds = 0.0;   ///< of the rank with most micro-batches
  double exchange_seconds = 0.0;  ///< of gradients, whether seen or not
  double visible_seconds = 0.0;   ///< of that, what no backward pass hides
  double optimizer_seconds = 0.0;
  double update_seconds = 0.0;
  double audio_seconds_per_second = 0.0;
  double efficiency = 0.0;  ///< speed over that of as many ranks without any exchange or uneven shares
  double input_bytes_per_second = 0.0;  ///< that all ranks together read
};

/// Throws ConfigError with more ranks than micro-batches.
ScalingPrediction predict_scaling(const MachineMeasures& machine, const Cluster& cluster,
                                  const Workload& workload);

/// Of a step per second of audio, by Amdahl's law through the two measurements.
double step_seconds_with(const MachineMeasures& machine, double threads);

}  // namespace wav2vec
