#include "wav2vec/train/gradient_sum.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <mutex>
#include <numeric>
#include <thread>
#include <vector>

#include "wav2vec/core/dtype.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/large_memory.h"
#include "wav2vec/train/optimizer.h"

namespace wav2vec {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void add(float* into, const float* from, int64_t count) {
  for (int64_t i = 0; i < count; ++i) into[i] += from[i];
}

void add_in_parallel(float* into, const float* from, int64_t count) {
#pragma omp parallel for simd schedule(static)
  for (int64_t i = 0; i < count; ++i) into[i] += from[i];
}

void to_wire(const float* from, int64_t count, Bf16* to) {
  for (int64_t i = 0; i < count; ++i) to[i] = to_bf16(from[i]);
}

void from_wire(const Bf16* from, int64_t count, float* to) {
  for (int64_t i = 0; i < count; ++i) to[i] = to_float(from[i]);
}

void round_to_wire(float* values, int64_t count) {
  for (int64_t i = 0; i < count; ++i) values[i] = to_float(to_bf16(values[i]));
}

template <class T>
std::span<const std::byte> bytes_of(const T* values, int64_t count) {
  return std::as_bytes(std::span(values, static_cast<size_t>(count)));
}
template <class T>
std::span<std::byte> bytes_of(T* values, int64_t count) {
  return std::as_writable_bytes(std::span(values, static_cast<size_t>(count)));
}

// Slices begin where blocks of gradient_norm() do, so that a rank can sum up the squares of what it owns.
OwnedRange slice_of(const OwnedRange& bucket, int rank, int ranks) {
  const int64_t blocks = (bucket.size() + kNormBlock - 1) / kNormBlock;
  const auto at = [&](int r) { return std::min(bucket.end, bucket.first + blocks * r / ranks * kNormBlock); };
  return {at(rank), at(rank + 1)};
}

std::vector<OwnedRange> buckets_of(int64_t values, double bucket_mib) {
  constexpr double kValuesPerMib = 1024.0 * 1024.0 / sizeof(float);
  const int64_t blocks = std::max<int64_t>(1, static_cast<int64_t>(bucket_mib * kValuesPerMib) / kNormBlock);
  std::vector<OwnedRange> buckets;
  for (int64_t first = 0; first < values; first += blocks * kNormBlock)
    buckets.push_back({first, std::min(values, first + blocks * kNormBlock)});
  return buckets;
}

// In which order the buckets are complete.
std::vector<size_t> bucket_order(const ParameterLayout& layout, std::span<const ParameterId> order,
                                 std::span<const OwnedRange> buckets) {
  W2V_CHECK(order.size() == layout.by_name().size(), "an order of other parameters");
  std::vector<size_t> complete_at(buckets.size(), 0);
  for (size_t place = 0; place < order.size(); ++place) {
    const ParameterSpec& spec = layout[order[place]];
    for (size_t b = 0; b < buckets.size(); ++b) {
      if (buckets[b].first < spec.offset + spec.size && spec.offset < buckets[b].end) complete_at[b] = place;
    }
  }
  std::vector<size_t> out(buckets.size());
  std::iota(out.begin(), out.end(), size_t{0});
  std::ranges::stable_sort(out, {}, [&](size_t b) { return complete_at[b]; });
  return out;
}

// Sizes and merges, which no update changes.
struct Plan {
  TreeNode share;                             // of this rank
  std::vector<std::vector<TreeNode>> covers;  // of every rank
  std::vector<Merge> merges;                  // of all covers, in the order of the ranks
  std::vector<OwnedRange> buckets;
  std::vector<size_t> order;  // in which they are exchanged
  std::vector<OwnedRange> owned;
};

Plan make_plan(const Communicator& communicator, int64_t micro_batches, const ParameterLayout& layout,
               std::span<const ParameterId> order, const DistributedConfig& config) {
  const int64_t values = layout.total_size();
  const int ranks = communicator.size();
  Plan plan{.share = share_of_rank(micro_batches, communicator.rank(), ranks),
            .covers = {},
            .merges = {},
            .buckets = buckets_of(values, config.bucket_mib),
            .order = {},
            .owned = {}};
  plan.order = bucket_order(layout, order, plan.buckets);
  std::vector<TreeNode> all;
  for (int rank = 0; rank < ranks; ++rank) {
    plan.covers.push_back(covering_nodes(micro_batches, share_of_rank(micro_batches, rank, ranks)));
    all.insert(all.end(), plan.covers.back().begin(), plan.covers.back().end());
  }
  plan.merges = merges_of(micro_batches, all);
  if (!config.shard_optimizer || ranks == 1) {
    plan.owned = {{0, values}};
    return plan;
  }
  for (const OwnedRange& bucket : plan.buckets) {
    const OwnedRange slice = slice_of(bucket, communicator.rank(), ranks);
    if (slice.size() > 0) plan.owned.push_back(slice);
  }
  return plan;
}

}  // namespace

class GradientSum::Engine {
 public:
  Engine(Communicator& communicator, const ParameterLayout& layout, std::span<const ParameterId> order,
         const DistributedConfig& config, int64_t micro_batches)
      : communicator_(communicator),
        layout_(layout),
        config_(config),
        micro_batches_(micro_batches),
        plan_(make_plan(communicator, micro_batches, layout, order, config)),
        observer_([this](ParameterId parameter) { ready(parameter); }) {
    if (communicator.size() == 1) return;
    worker_ = std::thread([this] { work(); });
  }

  ~Engine() {
    give_up_ = true;
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    news_.notify_all();
    if (worker_.joinable()) worker_.join();
  }

  const Plan& plan() const { return plan_; }

  GradientTarget next() {
    if (computed_ == plan_.share.leaves()) begin_update();
    W2V_CHECK(current_ == nullptr, "next() without done()");
    current_ = acquire();
    GradientTarget target = start_gradients(*current_);
    const bool last = computed_ + 1 == plan_.share.leaves();
    if (last) prepare_last();
    if (last && several_ranks() && config_.overlap) target.ready = &observer_;
    return target;
  }

  void done(bool empty) {
    W2V_CHECK(current_ != nullptr, "done() without next()");
    if (empty) current_->zero();
    const int64_t leaf = plan_.share.first + computed_++;
    if (computed_ == plan_.share.leaves()) {
      if (several_ranks()) {
        for (size_t bucket = 0; bucket < plan_.buckets.size(); ++bucket) set_ready(bucket);
      } else {
        for (const Merge& merge : last_merges_)
          add_in_parallel(parts_[merge.into]->flat().data(), parts_[merge.from]->flat().data(),
                          layout_.total_size());
      }
    } else {
      standing_.push_back({leaf, leaf + 1});
      parts_.push_back(current_);
      merge_standing();
    }
    current_ = nullptr;
  }

  ParameterBlock& finish(const std::function<void()>& while_waiting) {
    W2V_CHECK(computed_ == plan_.share.leaves() && !parts_.empty(), "finish() before the last micro-batch");
    if (several_ranks()) {
      const Clock::time_point start = Clock::now();
      std::unique_lock lock(mutex_);
      while (!error_ && exchanged_ < plan_.buckets.size()) {
        news_.wait_for(lock, std::chrono::milliseconds(100));
        if (!while_waiting) continue;
        lock.unlock();
        while_waiting();
        lock.lock();
      }
      waited_seconds_ += seconds_since(start);
      if (error_) std::rethrow_exception(error_);
    }
    return *parts_.front();
  }

  void share_owned(ParameterBlock& block) {
    if (!is_sharded()) return;
    for (const OwnedRange& bucket : plan_.buckets) hand_round(bucket, block.flat().data(), WireType::f32);
  }

  bool is_sharded() const { return several_ranks() && config_.shard_optimizer; }

  void gather_owned(std::span<const float> mine, std::span<float> whole) {
    const float* at = mine.data();
    for (const OwnedRange& bucket : plan_.buckets) {
      std::vector<Outgoing> outgoing;
      std::vector<Incoming> incoming;
      const int64_t count = slice_of(bucket, communicator_.rank(), communicator_.size()).size();
      if (communicator_.rank() == 0) {
        std::copy_n(at, count, whole.data() + bucket.first);  // rank 0 has the first slice
        for_each_slice_of_others(bucket, [&](int other, const OwnedRange& slice) {
          incoming.push_back({other, bytes_of(whole.data() + slice.first, slice.size())});
        });
      } else if (count > 0) {
        outgoing.push_back({0, bytes_of(at, count)});
      }
      at += count;
      communicator_.exchange(outgoing, incoming, wait());
    }
  }

  void scatter_owned(std::span<const float> whole, std::span<float> mine) {
    float* at = mine.data();
    for (const OwnedRange& bucket : plan_.buckets) {
      std::vector<Outgoing> outgoing;
      std::vector<Incoming> incoming;
      const int64_t count = slice_of(bucket, communicator_.rank(), communicator_.size()).size();
      if (communicator_.rank() == 0) {
        std::copy_n(whole.data() + bucket.first, count, at);
        for_each_slice_of_others(bucket, [&](int other, const OwnedRange& slice) {
          outgoing.push_back({other, bytes_of(whole.data() + slice.first, slice.size())});
        });
      } else if (count > 0) {
        incoming.push_back({0, bytes_of(at, count)});
      }
      at += count;
      communicator_.exchange(outgoing, incoming, wait());
    }
  }

  double norm(const ParameterBlock& gradients) {
    if (!is_sharded()) return gradient_norm(gradients.flat());
    std::vector<double> mine;
    for (const OwnedRange& range : plan_.owned) {
      const std::vector<double> squares = block_squares(
          gradients.flat().subspan(static_cast<size_t>(range.first), static_cast<size_t>(range.size())));
      mine.insert(mine.end(), squares.begin(), squares.end());
    }
    const std::string_view bytes(reinterpret_cast<const char*>(mine.data()), mine.size() * sizeof(double));
    const std::vector<std::string> all = gather_texts(communicator_, bytes, wait());
    std::vector<double> squares;
    std::vector<size_t> taken(all.size(), 0);
    for (const OwnedRange& bucket : plan_.buckets) {
      for (int rank = 0; rank < communicator_.size(); ++rank) {
        const auto r = static_cast<size_t>(rank);
        const int64_t values = slice_of(bucket, rank, communicator_.size()).size();
        const auto blocks = static_cast<size_t>((values + kNormBlock - 1) / kNormBlock);
        const size_t first = squares.size();
        squares.resize(first + blocks);
        std::memcpy(squares.data() + first, all[r].data() + taken[r], blocks * sizeof(double));
        taken[r] += blocks * sizeof(double);
      }
    }
    return norm_of_squares(squares);
  }

  double exchange_seconds() const {
    const std::lock_guard lock(mutex_);
    return exchange_seconds_;
  }
  double waited_seconds() const {
    const std::lock_guard lock(mutex_);
    return waited_seconds_;
  }

 private:
  bool several_ranks() const { return communicator_.size() > 1; }
  Wait wait() const { return {"gradients", config_.timeout_seconds, &give_up_}; }

  template <class F>
  void for_each_slice_of_others(const OwnedRange& bucket, F f) const {
    for_each_other(communicator_, [&](int other) {
      const OwnedRange slice = slice_of(bucket, other, communicator_.size());
      if (slice.size() > 0) f(other, slice);
    });
  }

  // ---- the rank's own nodes ------------------------------------------------------------------------

  void begin_update() {
    for (ParameterBlock* part : parts_) free_.push_back(part);
    parts_.clear();
    standing_.clear();
    computed_ = 0;
  }

  ParameterBlock* acquire() {
    if (free_.empty()) {
      blocks_.push_back(std::make_unique<ParameterBlock>(layout_));
      return blocks_.back().get();
    }
    ParameterBlock* block = free_.back();
    free_.pop_back();
    return block;
  }

  // Memory for the nodes that stand, not for the micro-batches.
  void merge_standing() {
    for (const Merge& merge : merges_of(micro_batches_, standing_)) {
      add_in_parallel(parts_[merge.into]->flat().data(), parts_[merge.from]->flat().data(),
                      layout_.total_size());
      free_.push_back(parts_[merge.from]);
      standing_[merge.into].end = standing_[merge.from].end;
      parts_.erase(parts_.begin() + static_cast<int64_t>(merge.from));
      standing_.erase(standing_.begin() + static_cast<int64_t>(merge.from));
    }
  }

  // What the last micro-batch completes is merged bucket by bucket.
  void prepare_last() {
    standing_.push_back({plan_.share.end - 1, plan_.share.end});
    parts_.push_back(current_);
    last_merges_ = merges_of(micro_batches_, standing_);
    covers_.clear();
    for (size_t i = 0; i < parts_.size(); ++i) {
      if (std::ranges::none_of(last_merges_, [i](const Merge& m) { return m.from == i; }))
        covers_.push_back(parts_[i]);
    }
    outstanding_.clear();
    for (const OwnedRange& bucket : plan_.buckets) outstanding_.push_back(bucket.size());
    const std::lock_guard lock(mutex_);
    ready_.assign(plan_.buckets.size(), false);
    exchanged_ = 0;
  }

  // ---- buckets that are ready ----------------------------------------------------------------------

  void ready(ParameterId parameter) {
    const ParameterSpec& spec = layout_[parameter];
    for (size_t b = static_cast<size_t>(spec.offset / plan_.buckets.front().size());
         b < plan_.buckets.size() && plan_.buckets[b].first < spec.offset + spec.size; ++b) {
      const OwnedRange& bucket = plan_.buckets[b];
      outstanding_[b] -= std::min(bucket.end, spec.offset + spec.size) - std::max(bucket.first, spec.offset);
      if (outstanding_[b] == 0) set_ready(b);
    }
  }

  void set_ready(size_t bucket) {
    {
      const std::lock_guard lock(mutex_);
      ready_[bucket] = true;
    }
    news_.notify_all();
  }

  // The next in the order that all ranks share, if it is ready.
  bool has_next() const { return exchanged_ < ready_.size() && ready_[plan_.order[exchanged_]]; }

  void work() {
    while (true) {
      size_t bucket = 0;
      {
        std::unique_lock lock(mutex_);
        news_.wait(lock, [&] { return stopping_ || has_next(); });
        if (stopping_) return;
        bucket = plan_.order[exchanged_];
      }
      const Clock::time_point start = Clock::now();
      std::exception_ptr error;
      try {
        exchange(plan_.buckets[bucket]);
      } catch (...) {
        error = std::current_exception();
      }
      {
        const std::lock_guard lock(mutex_);
        exchange_seconds_ += seconds_since(start);
        ++exchanged_;
        error_ = error;
      }
      news_.notify_all();
      if (error) return;
    }
  }

  // ---- one bucket ----------------------------------------------------------------------------------

  void exchange(const OwnedRange& bucket) {
    for (const Merge& merge : last_merges_)
      add(parts_[merge.into]->flat().data() + bucket.first, parts_[merge.from]->flat().data() + bucket.first,
          bucket.size());
    const std::vector<float*> nodes = collect(bucket);
    const OwnedRange mine = slice_of(bucket, communicator_.rank(), communicator_.size());
    // Piece by piece, so that what is added stays in the cache.
    for (int64_t first = 0; first < mine.size(); first += kNormBlock) {
      const int64_t count = std::min(kNormBlock, mine.size() - first);
      for (const Merge& merge : plan_.merges)
        add(nodes[merge.into] + first, nodes[merge.from] + first, count);
    }
    float* const result = parts_.front()->flat().data();
    if (mine.size() > 0 && nodes.front() != result + mine.first)
      std::copy_n(nodes.front(), mine.size(), result + mine.first);
    if (!config_.shard_optimizer) hand_round(bucket, result, config_.wire);
  }

  /// Sends every rank its slice of this rank's nodes; the nodes of all ranks for this rank's own slice.
  std::vector<float*> collect(const OwnedRange& bucket) {
    const bool rounded = config_.wire == WireType::bf16;
    const int ranks = communicator_.size();
    const OwnedRange mine = slice_of(bucket, communicator_.rank(), ranks);
    if (rounded) {
      wire_out_.resize(static_cast<size_t>(bucket.size()) * covers_.size());
      for (size_t c = 0; c < covers_.size(); ++c)
        to_wire(covers_[c]->flat().data() + bucket.first, bucket.size(),
                wire_out_.data() + static_cast<int64_t>(c) * bucket.size());
    }
    int64_t foreign = 0;
    for_each_other(communicator_,
                   [&](int other) { foreign += std::ssize(plan_.covers[static_cast<size_t>(other)]); });
    if (rounded) wire_in_.resize(static_cast<size_t>(foreign * mine.size()));
    received_.resize(static_cast<size_t>(foreign * mine.size()));

    std::vector<Outgoing> outgoing;
    std::vector<Incoming> incoming;
    std::vector<float*> nodes;
    int64_t at = 0;
    for (int rank = 0; rank < ranks; ++rank) {
      const OwnedRange slice = slice_of(bucket, rank, ranks);
      if (rank == communicator_.rank()) {
        for (ParameterBlock* cover : covers_) {
          nodes.push_back(cover->flat().data() + mine.first);
          if (rounded) round_to_wire(nodes.back(), mine.size());
        }
        continue;
      }
      for (size_t c = 0; c < covers_.size() && slice.size() > 0; ++c) {
        outgoing.push_back(
            {rank,
             rounded
                 ? bytes_of<Bf16>(std::as_const(wire_out_).data() + static_cast<int64_t>(c) * bucket.size() +
                                      slice.first - bucket.first,
                                  slice.size())
                 : bytes_of<float>(std::as_const(*covers_[c]).flat().data() + slice.first, slice.size())});
      }
      for (size_t c = 0; c < plan_.covers[static_cast<size_t>(rank)].size(); ++c, at += mine.size()) {
        nodes.push_back(received_.data() + at);
        if (mine.size() == 0) continue;
        incoming.push_back({rank, rounded ? bytes_of(wire_in_.data() + at, mine.size())
                                          : bytes_of(nodes.back(), mine.size())});
      }
    }
    communicator_.exchange(outgoing, incoming, wait());
    if (rounded) from_wire(wire_in_.data(), at, received_.data());
    return nodes;
  }

  /// Every rank sends its slice of the bucket to all others.
  void hand_round(const OwnedRange& bucket, float* block, WireType wire_type) {
    const bool rounded = wire_type == WireType::bf16;
    const int ranks = communicator_.size();
    const OwnedRange mine = slice_of(bucket, communicator_.rank(), ranks);
    if (rounded) {
      wire_out_.resize(static_cast<size_t>(mine.size()));
      wire_in_.resize(static_cast<size_t>(bucket.size()));
      to_wire(block + mine.first, mine.size(), wire_out_.data());
      round_to_wire(block + mine.first, mine.size());
    }
    std::vector<Outgoing> outgoing;
    std::vector<Incoming> incoming;
    for_each_other(communicator_, [&](int other) {
      const OwnedRange slice = slice_of(bucket, other, ranks);
      if (mine.size() > 0) {
        outgoing.push_back(
            {other, rounded ? bytes_of<Bf16>(std::as_const(wire_out_).data(), mine.size())
                            : bytes_of<float>(static_cast<const float*>(block) + mine.first, mine.size())});
      }
      if (slice.size() > 0) {
        incoming.push_back({other, rounded
                                       ? bytes_of(wire_in_.data() + slice.first - bucket.first, slice.size())
                                       : bytes_of(block + slice.first, slice.size())});
      }
    });
    communicator_.exchange(outgoing, incoming, wait());
    if (!rounded) return;
    for_each_other(communicator_, [&](int other) {
      const OwnedRange slice = slice_of(bucket, other, ranks);
      from_wire(wire_in_.data() + slice.first - bucket.first, slice.size(), block + slice.first);
    });
  }

  Communicator& communicator_;
  const ParameterLayout& layout_;
  const DistributedConfig config_;
  const int64_t micro_batches_;
  const Plan plan_;
  const GradientObserver observer_;

  // Of the main thread until the first bucket is ready, then of the worker until the last is exchanged.
  std::vector<std::unique_ptr<ParameterBlock>> blocks_;
  std::vector<ParameterBlock*> free_;
  std::vector<TreeNode> standing_;      // nodes that are computed …
  std::vector<ParameterBlock*> parts_;  // … and where
  ParameterBlock* current_ = nullptr;
  int64_t computed_ = plan_.share.leaves();
  std::vector<Merge> last_merges_;
  std::vector<ParameterBlock*> covers_;
  std::vector<int64_t> outstanding_;  // values of each bucket that are not ready

  LargeVector<float> received_;
  LargeVector<Bf16> wire_out_;
  LargeVector<Bf16> wire_in_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable news_;
  std::vector<bool> ready_;  // by bucket
  size_t exchanged_ = 0;     // buckets
  std::exception_ptr error_;
  double exchange_seconds_ = 0.0;
  double waited_seconds_ = 0.0;
  bool stopping_ = false;
  std::atomic<bool> give_up_ = false;
  std::thread worker_;
};

GradientSum::GradientSum(Communicator& communicator, const ParameterLayout& layout,
                         std::span<const ParameterId> order, const DistributedConfig& config,
                         int64_t micro_batches) {
  if (micro_batches < communicator.size()) {
    fail_field("train", "accumulate_batches",
               fmt::format("{} batches make an update, fewer than the {} ranks; raise it (and lower "
                           "data.batch_samples) or start fewer ranks",
                           micro_batches, communicator.size()));
  }
  engine_ = std::make_unique<Engine>(communicator, layout, order, config, micro_batches);
}

GradientSum::~GradientSum() = default;

TreeNode GradientSum::share() const { return engine_->plan().share; }
GradientTarget GradientSum::next() { return engine_->next(); }
void GradientSum::done(bool empty) { engine_->done(empty); }
ParameterBlock& GradientSum::finish(const std::function<void()>& while_waiting) {
  return engine_->finish(while_waiting);
}
const std::vector<OwnedRange>& GradientSum::owned() const { return engine_->plan().owned; }
bool GradientSum::is_sharded() const { return engine_->is_sharded(); }
void GradientSum::gather_owned(std::span<const float> mine, std::span<float> whole) {
  engine_->gather_owned(mine, whole);
}
void GradientSum::scatter_owned(std::span<const float> whole, std::span<float> mine) {
  engine_->scatter_owned(whole, mine);
}
double GradientSum::norm(const ParameterBlock& gradients) { return engine_->norm(gradients); }
void GradientSum::share_owned(ParameterBlock& block) { engine_->share_owned(block); }
double GradientSum::exchange_seconds() const { return engine_->exchange_seconds(); }
double GradientSum::waited_seconds() const { return engine_->waited_seconds(); }

}  // namespace wav2vec
