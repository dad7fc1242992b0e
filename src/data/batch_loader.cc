#include "wav2vec/data/batch_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_set>

#include "data/batch_decoder.h"
#include "data/noise_reader.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/log.h"
#include "wav2vec/data/lengths.h"

namespace wav2vec {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kGib = 1024.0 * 1024.0 * 1024.0;

/// Measured lengths at the training rate; what cannot be measured gets 0 and is so left out.
std::vector<int64_t> find_lengths(Manifest& manifest, const DataConfig& config) {
  for (const FailedInput& failure : fill_lengths(manifest, audio_options(config), config.loader_threads))
    log_warning(failure.message);
  std::vector<int64_t> lengths;
  lengths.reserve(manifest.utterances.size());
  for (const Utterance& u : manifest.utterances) {
    const auto at_manifest_rate = static_cast<double>(std::max<int64_t>(u.samples, 0));
    lengths.push_back(static_cast<int64_t>(at_manifest_rate * static_cast<double>(config.sample_rate) /
                                           static_cast<double>(kManifestRateHz)));
  }
  return lengths;
}

/// One decoded batch and what went wrong in it, before failures are compared with those already reported.
struct FinishedBatch {
  LoaderPosition position;
  AudioBatch batch;
  std::vector<DecodedItem> failed;
  std::exception_ptr error;
};

}  // namespace

int64_t AudioBatch::total_samples() const {
  int64_t sum = 0;
  for (int64_t length : lengths) sum += length;
  return sum;
}

// Workers claim positions in order, decode without the lock and put the result into `finished_`; next() takes
// from it in order. At most prefetch_batches are claimed beyond the last delivered one.
class BatchLoader::Engine {
 public:
  Engine(const Manifest& manifest, const DataConfig& config, uint64_t seed, const LoaderOptions& options)
      : manifest_(manifest), config_(config), seed_(seed), options_(options) {
    config_.validate();
    options_.augment.validate();
    const LoaderTurn& turn = options.turn;
    W2V_CHECK(turn.first >= 0 && turn.count > 0 && turn.first + turn.count <= turn.batches,
              "a share outside of the turn");
    W2V_CHECK(options.start.epoch >= 0 && options.start.batch >= 0, "negative loader position");
    lengths_ = find_lengths(manifest_, config_);
    if (options_.augment.enabled()) noise_lengths_ = find_lengths(options_.noise, config_);
    if (!noise_lengths_.empty() && std::ranges::max(noise_lengths_) == 0)
      throw DataError(
          "no noise: none of the files in augment.noise can be read; name others, or none for babble");
    left_out_ = plan(options.start.epoch)->left_out;
    if (batches_of(*plan(options.start.epoch)) == 0)
      throw DataError(fmt::format(
          "no batch: of {} utterances {} are shorter than min_samples ({}) or not readable; lower "
          "data.min_samples or give more audio",
          manifest_.utterances.size(), left_out_, config_.min_samples));
    deliver_at_ = claim_at_ = normalised(options.start);
    if (!config_.cache.empty())
      cache_.emplace(config_.cache, static_cast<uint64_t>(config_.cache_gib * kGib), audio_options(config_));
    for (int64_t t = 0; t < config_.loader_threads; ++t) workers_.emplace_back([this] { work(); });
  }

  ~Engine() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    may_claim_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  AudioBatch next() {
    std::vector<std::string> failures;
    while (true) {
      std::unique_lock lock(mutex_);
      if (is_behind_end(deliver_at_, delivered_)) return {};
      FinishedBatch finished = take(lock);
      if (finished.error) std::rethrow_exception(finished.error);
      report(finished, failures);
      count_epoch_success(finished);
      if (finished.batch.empty() && !options_.keep_empty) continue;
      finished.batch.failures = std::move(failures);
      finished.batch.epoch = finished.position.epoch;
      finished.batch.batch_in_epoch = finished.position.batch;
      return std::move(finished.batch);
    }
  }

  LoaderPosition position() const {
    const std::lock_guard lock(mutex_);
    return deliver_at_;
  }
  int64_t batches_in_epoch(int64_t epoch) {
    const std::lock_guard lock(mutex_);
    return batches_of(*plan(epoch));
  }
  int64_t left_out() const { return left_out_; }
  int64_t failed_utterances() const {
    const std::lock_guard lock(mutex_);
    return std::ssize(failed_);
  }
  double seconds_waited() const {
    const std::lock_guard lock(mutex_);
    return seconds_waited_;
  }

 private:
  using Plan = std::shared_ptr<const EpochPlan>;

  /// The lock is held (or the threads do not run yet). The last two epochs are kept.
  Plan plan(int64_t epoch) {
    if (const auto at = plans_.find(epoch); at != plans_.end()) return at->second;
    while (plans_.size() >= 2) plans_.erase(plans_.begin()->first < epoch ? plans_.begin() : --plans_.end());
    return plans_[epoch] =
               std::make_shared<const EpochPlan>(plan_epoch(lengths_, config_, seed_, epoch, options_.crop));
  }

  static int64_t batches_of(const EpochPlan& epoch_plan) { return std::ssize(epoch_plan.batches); }

  /// The end of an epoch is the beginning of the next, but for a single pass.
  LoaderPosition normalised(LoaderPosition at) {
    while (!options_.single_pass && at.batch >= batches_of(*plan(at.epoch))) at = {at.epoch + 1, 0};
    return at;
  }
  LoaderPosition advanced(LoaderPosition at, int64_t batches) {
    for (int64_t n = 0; n < batches; ++n) at = normalised({at.epoch, at.batch + 1});
    return at;
  }

  /// Within its turn, of batch `number` of this process.
  int64_t place_in_turn(int64_t number) const { return options_.turn.first + number % options_.turn.count; }
  /// Whether batch `number` ends this process's part of a turn.
  bool ends_turn(int64_t number) const { return (number + 1) % options_.turn.count == 0; }

  /// `at` begins a turn; true when the end of a single pass lies before batch `number` of this process.
  bool is_behind_end(LoaderPosition at, int64_t number) {
    return options_.single_pass &&
           at.batch + place_in_turn(number) >= batches_of(*plan(options_.start.epoch));
  }

  FinishedBatch take(std::unique_lock<std::mutex>& lock) {
    const Clock::time_point start = Clock::now();
    is_finished_.wait(lock, [&] { return finished_.contains(delivered_); });
    seconds_waited_ += std::chrono::duration<double>(Clock::now() - start).count();
    FinishedBatch finished = std::move(finished_.extract(delivered_).mapped());
    if (ends_turn(delivered_)) deliver_at_ = advanced(deliver_at_, options_.turn.batches);
    ++delivered_;
    may_claim_.notify_all();
    return finished;
  }

  /// Adds what is new to `failures`.
  void report(const FinishedBatch& finished, std::vector<std::string>& failures) {
    for (const DecodedItem& item : finished.failed) {
      if (!failed_.insert(item.utterance).second) continue;
      log_warning("left out: " + item.failure);
      failures.push_back(item.failure);
    }
  }

  void count_epoch_success(const FinishedBatch& finished) {
    if (!finished.batch.empty()) {
      empty_in_a_row_ = 0;
      return;
    }
    if (++empty_in_a_row_ < batches_of(*plan(finished.position.epoch))) return;
    throw DataError(fmt::format("no utterance of a whole epoch could be read; the last failure: {}",
                                finished.failed.back().failure));
  }

  void work() {
    while (true) {
      FinishedBatch job;
      Plan epoch_plan;
      int64_t sequence = 0;
      {
        std::unique_lock lock(mutex_);
        may_claim_.wait(lock, [&] {
          return stopping_ ||
                 (claimed_ - delivered_ < config_.prefetch_batches && !is_behind_end(claim_at_, claimed_));
        });
        if (stopping_) return;
        sequence = claimed_++;
        job.position = advanced(claim_at_, place_in_turn(sequence));
        epoch_plan = plan(job.position.epoch);
        if (ends_turn(sequence)) claim_at_ = advanced(claim_at_, options_.turn.batches);
      }
      decode(epoch_plan->batches[static_cast<size_t>(job.position.batch)], job);
      {
        const std::lock_guard lock(mutex_);
        finished_.emplace(sequence, std::move(job));
      }
      is_finished_.notify_one();
    }
  }

  void decode(const std::vector<BatchItem>& planned, FinishedBatch& job) {
    try {
      AudioCache* const cache = cache_ ? &*cache_ : nullptr;
      std::vector<DecodedItem> items;
      for (const BatchItem& item : planned) {
        items.push_back(decode_item(manifest_, config_, item, cache));
        augment_item(options_.augment, config_, {seed_, job.position.epoch, item.utterance},
                     noise_for(item.utterance, cache), items.back());
      }
      job.batch = collate(items);
      for (DecodedItem& item : items) {
        if (item.samples.empty()) job.failed.push_back(std::move(item));
      }
    } catch (...) {
      job.error = std::current_exception();
    }
  }

  /// From the manifests of noise, or babble of the other utterances.
  NoiseSource noise_for(int64_t utterance, AudioCache* cache) const {
    if (!options_.noise.utterances.empty()) {
      return [this, cache](int64_t samples, const RandomStream& random) {
        return read_random_part({options_.noise, noise_lengths_, config_, cache}, samples, random);
      };
    }
    return [this, cache, utterance](int64_t samples, const RandomStream& random) {
      return read_babble({manifest_, lengths_, config_, cache, utterance}, samples,
                         options_.augment.babble_talkers, random);
    };
  }

  Manifest manifest_;
  DataConfig config_;
  uint64_t seed_;
  LoaderOptions options_;
  std::vector<int64_t> lengths_;
  std::vector<int64_t> noise_lengths_;
  int64_t left_out_ = 0;
  std::optional<AudioCache> cache_;

  mutable std::mutex mutex_;  // guards everything below
  std::condition_variable may_claim_;
  std::condition_variable is_finished_;
  std::map<int64_t, Plan> plans_;
  LoaderPosition claim_at_;    // of a turn
  LoaderPosition deliver_at_;  // likewise
  int64_t claimed_ = 0;        // batches since the start
  int64_t delivered_ = 0;      // batches since the start
  std::map<int64_t, FinishedBatch> finished_;
  std::unordered_set<int64_t> failed_;
  int64_t empty_in_a_row_ = 0;
  double seconds_waited_ = 0.0;
  bool stopping_ = false;
  std::vector<std::thread> workers_;
};

BatchLoader::BatchLoader(const Manifest& manifest, const DataConfig& config, uint64_t seed,
                         const LoaderOptions& options)
    : engine_(std::make_unique<Engine>(manifest, config, seed, options)) {}
BatchLoader::~BatchLoader() = default;

AudioBatch BatchLoader::next() { return engine_->next(); }
LoaderPosition BatchLoader::position() const { return engine_->position(); }
int64_t BatchLoader::batches_in_epoch(int64_t epoch) const { return engine_->batches_in_epoch(epoch); }
int64_t BatchLoader::left_out() const { return engine_->left_out(); }
int64_t BatchLoader::failed_utterances() const { return engine_->failed_utterances(); }
double BatchLoader::seconds_waited() const { return engine_->seconds_waited(); }

}  // namespace wav2vec
