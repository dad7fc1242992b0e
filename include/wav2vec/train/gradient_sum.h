#pragma once
// The gradient of an update: the sum over its micro-batches, computed on one rank or on several, in the order
// of train/reduction_tree.h.
//
// The flat block is divided into buckets and every bucket into a slice per rank. Each rank sends its nodes of
// a slice to the slice's owner, who adds them up and sends the sum to all. A thread of its own exchanges a
// bucket as soon as the last micro-batch's backward pass has left it.

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "wav2vec/config/distributed_config.h"
#include "wav2vec/nn/gradient_target.h"
#include "wav2vec/train/communicator.h"
#include "wav2vec/train/optimizer.h"
#include "wav2vec/train/reduction_tree.h"

namespace wav2vec {

class GradientSum {
 public:
  /// `order`: all parameters, as the backward pass makes them ready; buckets follow one another in it on
  /// every rank, whatever is ready there first. Throws ConfigError with fewer micro-batches than ranks. The
  /// layout must outlive it.
  GradientSum(Communicator& communicator, const ParameterLayout& layout, std::span<const ParameterId> order,
              const DistributedConfig& config, int64_t micro_batches);
  /// Gives up what is being exchanged.
  ~GradientSum();
  GradientSum(const GradientSum&) = delete;
  GradientSum& operator=(const GradientSum&) = delete;

  /// The micro-batches of this rank.
  TreeNode share() const;
  /// Where the gradient of the next of them goes; then done().
  GradientTarget next();
  /// `empty`: nothing was computed.
  void done(bool empty = false);

  /// Behind the last of them: waits for the other ranks and returns the sum, which may be changed until
  /// next(). With shard_optimizer only owned() of it is defined. `while_waiting` is called some times a
  /// second. Throws CommunicationError.
  ParameterBlock& finish(const std::function<void()>& while_waiting = nullptr);

  /// What this rank owns: all but for shard_optimizer.
  const std::vector<OwnedRange>& owned() const;
  /// Whether ranks own parts.
  bool is_sharded() const;
  /// Hands what every rank owns of `block` to all of them.
  void share_owned(ParameterBlock& block);
  /// Between the values of all ranks' owned() ranges, one behind the other, and the whole block on rank 0 (on
  /// others `whole` is not looked at).
  void gather_owned(std::span<const float> mine, std::span<float> whole);
  void scatter_owned(std::span<const float> whole, std::span<float> mine);
  /// The norm of a block of which every rank has its owned ranges; the bits of gradient_norm().
  double norm(const ParameterBlock& gradients);

  /// Since the start: time that the exchange took, and what of it finish() waited for.
  double exchange_seconds() const;
  double waited_seconds() const;

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace wav2vec
