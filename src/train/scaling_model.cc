#include "wav2vec/train/scaling_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "wav2vec/core/error.h"

namespace wav2vec {

double step_seconds_with(const MachineMeasures& machine, double threads) {
  const double one = machine.step_seconds_one_thread;
  if (machine.threads <= 1) return one / threads;
  const auto measured = static_cast<double>(machine.threads);
  const double serial =
      std::clamp((machine.step_seconds * measured - one) / (measured - 1.0), 0.0, machine.step_seconds);
  return serial + (one - serial) / threads;
}

ScalingPrediction predict_scaling(const MachineMeasures& machine, const Cluster& cluster,
                                  const Workload& workload) {
  const auto ranks = static_cast<double>(cluster.ranks());
  if (cluster.ranks() > workload.micro_batches)
    throw ConfigError(fmt::format("{} ranks are more than the {} micro-batches of an update", cluster.ranks(),
                                  workload.micro_batches));
  const double cores =
      static_cast<double>(cluster.cores_per_node) / static_cast<double>(cluster.ranks_per_node);
  const auto values = static_cast<double>(workload.parameters);
  const auto micro_batches = static_cast<double>(workload.micro_batches);
  const double micro_batch_seconds =
      workload.update_audio_seconds / micro_batches * step_seconds_with(machine, cores);

  ScalingPrediction p;
  const double most = std::ceil(micro_batches / ranks);
  // Micro-batches of one rank are added up along the tree, too.
  p.compute_seconds = most * micro_batch_seconds +
                      (most - 1.0) * values * machine.add_seconds_per_value / std::min(cores, 4.0);
  p.optimizer_seconds = values * machine.update_seconds_per_value;

  if (cluster.ranks() > 1) {
    const double buckets = std::ceil(4.0 * values / workload.bucket_bytes);
    const auto per_node = static_cast<double>(cluster.ranks_per_node);
    // To the owners and back, each way. What stays within a node does not pass its link, but is copied.
    const double bytes = 2.0 * values * workload.wire_bytes_per_value / ranks;
    const double wire =
        bytes * per_node * (ranks - per_node) / (cluster.network_share * cluster.network_bytes_per_second);
    const double copying = bytes * (ranks - 1.0) * cluster.copy_seconds_per_byte;
    const double messages = buckets * 2.0 * (ranks - 1.0) * 2.0 * cluster.message_seconds;
    const double latency = buckets * 2.0 * cluster.latency_seconds;
    const double adding = values * (ranks - 1.0) / ranks * machine.add_seconds_per_value;
    p.exchange_seconds = wire + copying + messages + latency + adding;
    // The last bucket begins when the backward pass ends.
    const double hidden =
        std::min(machine.backward_share * micro_batch_seconds, p.exchange_seconds * (1.0 - 1.0 / buckets));
    p.visible_seconds = p.exchange_seconds - hidden;
  }
  p.update_seconds = p.compute_seconds + p.visible_seconds + p.optimizer_seconds;
  p.audio_seconds_per_second = workload.update_audio_seconds / p.update_seconds;
  p.efficiency = (micro_batches / ranks * micro_batch_seconds + p.optimizer_seconds) / p.update_seconds;
  p.input_bytes_per_second = p.audio_seconds_per_second * workload.audio_bytes_per_second;
  return p;
}

}  // namespace wav2vec
