#include "wav2vec/train/pretrainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "train/run_log.h"
#include "wav2vec/core/duration.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"
#include "wav2vec/core/hash.h"
#include "wav2vec/core/log.h"
#include "wav2vec/data/lengths.h"
#include "wav2vec/data/split.h"
#include "wav2vec/io/checkpoint.h"
#include "wav2vec/io/run_lock.h"
#include "wav2vec/train/initial_weights.h"
#include "wav2vec/train/run_folder.h"
#include "wav2vec/train/schedule.h"
#include "wav2vec/train/training_batch.h"
#include "wav2vec/train/training_state.h"
#include "wav2vec/train/validation.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

struct Corpus {
  Manifest train;
  Manifest valid;
  Manifest noise;  ///< for augmentation; empty = babble, or none
  uint64_t hash = 0;
};

// What decides order and content of the batches. Folders may move, so paths count by their last part.
uint64_t hash_of(const Manifest& manifest) {
  uint64_t hash = fnv1a64("");
  for (const Utterance& u : manifest.utterances) {
    hash = fnv1a64(fmt::format("{}\n{}\n{}\n{}\n", u.audio.filename().string(), u.start_seconds,
                               u.duration_seconds, u.samples),
                   hash);
  }
  return hash;
}

Corpus load_corpus(const PretrainRecipe& recipe) {
  if (recipe.data.train.empty())
    throw ConfigError("[data] train: no manifest; name one, for example --set 'data.train=[\"train.tsv\"]'");
  Corpus corpus;
  Manifest all = read_manifests(recipe.data.train);
  // The share that is held out is one of duration; what cannot be read is named by the loader.
  fill_lengths(all, audio_options(recipe.data), recipe.data.loader_threads);
  if (!recipe.data.valid.empty()) {
    corpus.train = std::move(all);
    corpus.valid = read_manifests(recipe.data.valid);
  } else {
    auto parts = split_manifest(all, recipe.data.valid_fraction, static_cast<uint64_t>(recipe.train.seed));
    corpus.train = std::move(parts.train);
    corpus.valid = std::move(parts.valid);
  }
  corpus.hash = fnv1a64(std::to_string(hash_of(corpus.train)) + " " + std::to_string(hash_of(corpus.valid)));
  if (recipe.augment.enabled() && !recipe.augment.noise.empty()) {
    corpus.noise = read_manifests(recipe.augment.noise);
    corpus.hash = fnv1a64(std::to_string(hash_of(corpus.noise)), corpus.hash);
  }
  return corpus;
}

void check_same_run(const fs::path& stored_path, const PretrainRecipe& recipe) {
  PretrainRecipe stored;
  read_recipe(stored_path, stored.sections());
  if (stored.probe.best_by != recipe.probe.best_by) {
    throw ConfigError(
        fmt::format("{}: probe.best_by differs from the recipe given now, and losses are not to be "
                    "compared with error rates; resume without it",
                    printable(stored_path.string())));
  }
  PretrainRecipe mine = recipe;
  check_same_recipe(stored_path, stored.sections(), mine.sections());
}

std::string audio_summary(const Manifest& manifest) {
  return fmt::format("{} in {} utterances", format_audio_length(manifest.known_seconds()),
                     manifest.utterances.size());
}

std::vector<std::pair<std::string, std::string>> run_facts(const PretrainRecipe& recipe, const Corpus& corpus,
                                                           const ParameterLayout& layout) {
  std::set<std::string> speakers;
  for (const Utterance& u : corpus.train.utterances) {
    if (!u.speaker.empty()) speakers.insert(u.speaker);
  }
  const FrameGeometry g = encoder_geometry(recipe.model);
  return {{"Parameters", fmt::format("{}", layout.total_size())},
          {"Training audio", audio_summary(corpus.train)},
          {"Validation audio", audio_summary(corpus.valid)},
          {"Speakers", speakers.empty() ? "not named" : fmt::format("{} named", speakers.size())},
          {"Frames", fmt::format("hop {} samples, receptive field {} samples, context {} frames",
                                 g.hop_samples, g.receptive_field_samples, context_frames(recipe.model))},
          {"Objective",
           fmt::format("{} steps from distance {}, {} negatives", recipe.objective.prediction_steps,
                       prediction_offset(recipe.objective, recipe.model), recipe.objective.copies() - 1)},
          {"Arithmetic", std::string(kDTypeChoiceNames[static_cast<size_t>(recipe.train.dtype)])}};
}

// The sums that ranks exchange beside the gradients.
class ExchangedSums {
 public:
  ExchangedSums(const ObjectiveSums& sums, double audio_seconds, bool stop) {
    values_ = {sums.loss_nats, static_cast<double>(sums.positives), static_cast<double>(sums.labels),
               audio_seconds, stop ? 1.0 : 0.0};
    for (int64_t n : sums.positives_per_step) values_.push_back(static_cast<double>(n));
    for (int64_t n : sums.hits_per_step) values_.push_back(static_cast<double>(n));
  }
  std::span<double> values() { return values_; }
  double audio_seconds() const { return values_[3]; }
  bool stop() const { return values_[4] > 0.0; }
  ObjectiveSums sums() const {
    ObjectiveSums out{.loss_nats = values_[0],
                      .positives = static_cast<int64_t>(values_[1]),
                      .labels = static_cast<int64_t>(values_[2]),
                      .positives_per_step = {},
                      .hits_per_step = {}};
    const size_t steps = (values_.size() - kScalars) / 2;
    for (size_t i = 0; i < steps; ++i) {
      out.positives_per_step.push_back(static_cast<int64_t>(values_[kScalars + i]));
      out.hits_per_step.push_back(static_cast<int64_t>(values_[kScalars + steps + i]));
    }
    return out;
  }

 private:
  static constexpr size_t kScalars = 5;
  std::vector<double> values_;
};

class Pretrainer {
 public:
  /// `fell_back`: dtype auto became f32.
  Pretrainer(const PretrainRecipe& recipe, const PretrainOptions& options, Communicator& communicator,
             bool fell_back)
      : recipe_(recipe),
        fell_back_(fell_back),
        options_(options),
        communicator_(communicator),
        network_(recipe.model, recipe.objective),
        gradients_(network_.layout),
        state_(network_.layout),
        corpus_(load_corpus(recipe)) {
    if (recipe.train.dtype == DTypeChoice::bf16)
      packed_.emplace(convolutions_of(network_), PackFor::training);
  }

  PretrainResult run();

 private:
  bool writes() const { return communicator_.rank() == 0; }
  bool finished() const { return state_.update >= recipe_.train.max_updates; }
  bool is_marked_best(int64_t update) const;
  void prepare_folder();
  void resume();
  void start_log();
  ObjectiveSums accumulate(BatchLoader& loader, double& audio_seconds);
  void update(BatchLoader& loader);
  bool apply(const ObjectiveSums& sums, UpdateMeasures& measures);
  void skip(const ObjectiveSums& sums, const UpdateMeasures& measures);
  void validate();
  void probe();
  void compare_with_best(double measure);
  Pass compute_pass(const TrainingRandom* random) {
    return {state_.parameters, workspace_, random, packed_ ? &*packed_ : nullptr};
  }
  void save();
  void add_failures(const std::vector<std::string>& failures);

  PretrainRecipe recipe_;
  bool fell_back_;
  const PretrainOptions& options_;
  Communicator& communicator_;
  PretrainingNetwork network_;
  ParameterBlock gradients_;
  TrainingState state_;
  Corpus corpus_;
  Workspace workspace_;
  std::optional<PackedWeights> packed_;  // none in f32
  std::optional<RunLock> lock_;
  std::optional<CheckpointStore> store_;
  std::unique_ptr<RunLog> log_;
  std::vector<std::string> update_utterances_;
  std::vector<std::string> failures_;
  double last_valid_bits_ = std::numeric_limits<double>::quiet_NaN();
  int64_t validated_at_ = -1;
  int64_t probed_at_ = -1;
  int64_t saved_at_ = -1;
  bool stop_ = false;
};

void Pretrainer::prepare_folder() {
  W2V_CHECK(!recipe_.probe.enabled() || options_.probe != nullptr, "a probe without its function");
  const fs::path recipe_path = options_.run_folder / "recipe.toml";
  if (writes()) {
    lock_ =
        claim_run_folder(options_.run_folder, checkpoint_bytes(network_.layout), recipe_.train.keep_last + 2);
  }
  store_.emplace(options_.run_folder);
  if (!options_.resume) refuse_second_run(*store_, options_.run_folder);
  std::error_code ignored;
  if (options_.resume && fs::exists(recipe_path, ignored)) check_same_run(recipe_path, recipe_);
  communicator_.barrier();
}

bool Pretrainer::is_marked_best(int64_t update) const {
  const std::optional<BestCheckpoint> best = store_->best();
  return best && best->update == update;
}

void Pretrainer::resume() {
  const std::optional<Checkpoint> checkpoint = options_.resume ? store_->load_newest() : std::nullopt;
  if (!checkpoint) {
    if (options_.resume) log_info("no checkpoint yet: starting from update 0");
    set_initial_weights(recipe_.model, recipe_.train, state_.parameters);
    state_.corpus_hash = corpus_.hash;
    return;
  }
  load_state(*checkpoint, state_);
  if (state_.corpus_hash != corpus_.hash) {
    throw ConfigError(fmt::format(
        "{}: the manifests in [data] (and augment.noise) are not the ones that this run was started with; "
        "restore them, or start a new run",
        printable(checkpoint->folder.string())));
  }
  saved_at_ = state_.update;
  // A kill between saving the best checkpoint and marking it leaves the mark behind.
  if (writes() && state_.best_update == state_.update && !is_marked_best(state_.update))
    store_->mark_best(state_.update, state_.best_measure);
  if (!finished()) log_info(fmt::format("resuming at update {}", state_.update));
}

void Pretrainer::start_log() {
  RunSummary summary{.title = options_.run_folder.filename().string(),
                     .recipe_text = format_recipe("", recipe_.sections()),
                     .command_line = options_.command_line,
                     .facts = run_facts(recipe_, corpus_, network_.layout),
                     .clip_norm = recipe_.optim.clip_norm,
                     .max_updates = recipe_.train.max_updates};
  if (fell_back_) log_info("dtype auto: this CPU has no AVX-512 bf16 instructions, computing in f32");
  for (const auto& [name, value] : summary.facts) log_info(fmt::format("{}: {}", name, value));
  log_ = std::make_unique<RunLog>(options_.run_folder, recipe_, std::move(summary), state_);
}

ObjectiveSums Pretrainer::accumulate(BatchLoader& loader, double& audio_seconds) {
  ObjectiveSums sums;
  update_utterances_.clear();
  for (int64_t n = 0; n < recipe_.train.accumulate_batches / communicator_.size(); ++n) {
    AudioBatch batch = loader.next();
    add_failures(batch.failures);
    const std::vector<uint64_t> keys = item_keys(batch);
    const TrainingRandom random{static_cast<uint64_t>(recipe_.train.seed), keys};
    const Pass pass = compute_pass(&random);
    const Activations clean = waveform_of(batch);
    const GradientTarget target = n == 0 ? start_gradients(gradients_) : gradients_;
    sums += batch.augmented.empty() ? train_pass(network_, pass, clean, target)
                                    : train_pass(network_, pass, clean, augmented_waveform_of(batch), target);
    audio_seconds +=
        static_cast<double>(batch.total_samples()) / static_cast<double>(recipe_.data.sample_rate);
    for (int64_t u : batch.utterances)
      update_utterances_.push_back(corpus_.train.utterances[static_cast<size_t>(u)].id);
  }
  return sums;
}

// The optimiser's part; false when the update is not finite and nothing was changed.
bool Pretrainer::apply(const ObjectiveSums& sums, UpdateMeasures& measures) {
  const int64_t count = divisor(sums, recipe_.objective.divisor);
  scale_gradients(gradients_.flat(), 1.0 / static_cast<double>(std::max<int64_t>(count, 1)));
  measures.gradient_norm = gradient_norm(gradients_.flat());
  measures.learning_rate = learning_rate_at(recipe_.optim, recipe_.train.max_updates, state_.update);
  if (!std::isfinite(sums.loss_nats) || !std::isfinite(measures.gradient_norm)) return false;
  scale_gradients(gradients_.flat(), clip_factor(measures.gradient_norm, recipe_.optim.clip_norm));
  adam_update(recipe_.optim, measures.learning_rate, state_.parameters, gradients_, state_.adam);
  if (packed_) packed_->refresh(state_.parameters);
  return true;
}

void Pretrainer::skip(const ObjectiveSums& sums, const UpdateMeasures& measures) {
  ++state_.skipped;
  ++state_.skipped_in_row;
  const std::string what =
      fmt::format("skipped: loss {} nats, gradient norm {}", sums.loss_nats, measures.gradient_norm);
  if (writes()) {
    const nlohmann::json line{
        {"update", state_.update}, {"reason", what}, {"utterances", update_utterances_}};
    AppendFile(options_.run_folder / "skipped_updates.jsonl")
        .append(line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
    log_->alarm(state_.update, what + "; the utterances are in skipped_updates.jsonl");
  }
  if (state_.skipped_in_row >= recipe_.train.max_skipped_in_row)
    fail_not_finite(options_.run_folder, state_.skipped_in_row, state_.update);
}

void Pretrainer::update(BatchLoader& loader) {
  const Clock::time_point start = Clock::now();
  const double waited_before = loader.seconds_waited();
  double audio_seconds = 0.0;
  const ObjectiveSums local = accumulate(loader, audio_seconds);
  ExchangedSums exchanged(local, audio_seconds, options_.stop_requested());
  communicator_.all_reduce_sum(gradients_.flat());
  communicator_.all_reduce_sum(exchanged.values());
  const ObjectiveSums sums = exchanged.sums();
  stop_ = exchanged.stop();

  UpdateMeasures measures{.sums = sums, .audio_seconds = exchanged.audio_seconds()};
  const bool applied = apply(sums, measures);
  ++state_.update;
  state_.position = loader.position();
  state_.audio_seconds += measures.audio_seconds;
  measures.compute_seconds = seconds_since(start);
  measures.wait_seconds = loader.seconds_waited() - waited_before;
  state_.wall_seconds += measures.compute_seconds;
  if (!applied) return skip(sums, measures);
  state_.skipped_in_row = 0;
  if (writes()) log_->after_update(state_, measures);
}

void Pretrainer::validate() {
  if (validated_at_ == state_.update) return;
  validated_at_ = state_.update;
  if (!writes() || corpus_.valid.utterances.empty()) return;
  const Clock::time_point start = Clock::now();
  const ValidationResult result = validate_network(network_, compute_pass(nullptr), corpus_.valid,
                                                   recipe_.data, recipe_.train.valid_batches);
  add_failures(result.failures);
  last_valid_bits_ = bits_per_divisor(result.sums, recipe_.objective.divisor);
  state_.wall_seconds += seconds_since(start);
  log_->after_validation(state_, result);
  if (recipe_.probe.best_by == BestBy::loss) compare_with_best(last_valid_bits_);
  log_->write_report();
}

void Pretrainer::probe() {
  if (probed_at_ == state_.update) return;
  probed_at_ = state_.update;
  if (!writes()) return;
  const Clock::time_point start = Clock::now();
  save();
  const ProbeReading reading = options_.probe(store_->load(state_.update).file(kModelFileName));
  state_.wall_seconds += seconds_since(start);
  log_->after_probe(state_, reading);
  if (recipe_.probe.best_by == BestBy::probe) compare_with_best(reading.error_rate);
  log_->write_report();
}

void Pretrainer::compare_with_best(double measure) {
  if (!(measure < state_.best_measure)) return;
  state_.best_measure = measure;
  state_.best_update = state_.update;
  saved_at_ = -1;  // the checkpoint must know that it is the best
  save();
  store_->mark_best(state_.best_update, state_.best_measure);
}

// Every validation reads its files anew and meets the same ones again.
void Pretrainer::add_failures(const std::vector<std::string>& failures) {
  for (const std::string& failure : failures) {
    if (std::ranges::find(failures_, failure) == failures_.end()) failures_.push_back(failure);
  }
}

void Pretrainer::save() {
  if (!writes() || saved_at_ == state_.update) return;
  log_->flush();
  state_.log = log_->state();
  save_state(*store_, model_file_info(recipe_), state_);
  saved_at_ = state_.update;
  log_debug(fmt::format("checkpoint {} saved", state_.update));
  store_->prune(recipe_.train.keep_last);
}

PretrainResult Pretrainer::run() {
  if (recipe_.train.accumulate_batches % communicator_.size() != 0) {
    fail_field("train", "accumulate_batches",
               fmt::format("{} is not a multiple of the {} ranks", recipe_.train.accumulate_batches,
                           communicator_.size()));
  }
  prepare_folder();
  resume();
  if (finished()) {
    return {.updates = state_.update,
            .already_finished = true,
            .last_valid_bits = last_valid_bits_,
            .best_measure = state_.best_measure,
            .failures = {}};
  }
  if (packed_) packed_->refresh(state_.parameters);
  if (writes()) {
    write_run_recipe(options_.run_folder, recipe_.sections());
    start_log();
  }
  BatchLoader loader(corpus_.train, recipe_.data, static_cast<uint64_t>(recipe_.train.seed),
                     {.start = state_.position,
                      .rank = communicator_.rank(),
                      .rank_count = communicator_.size(),
                      .augment = recipe_.augment,
                      .noise = corpus_.noise});
  while (!finished() && !stop_) {
    update(loader);
    const bool last = finished();
    if (last || state_.update % recipe_.train.valid_every == 0) validate();
    if (recipe_.probe.enabled() && (last || state_.update % recipe_.probe.every == 0)) probe();
    if (last || stop_ || state_.update % recipe_.train.save_every == 0) save();
  }
  if (writes()) log_->write_report();
  return {.updates = state_.update,
          .interrupted = !finished(),
          .last_valid_bits = last_valid_bits_,
          .best_measure = state_.best_measure,
          .failures = std::move(failures_)};
}

}  // namespace

PretrainResult pretrain(const PretrainRecipe& recipe, const PretrainOptions& options,
                        Communicator& communicator) {
  recipe.validate();
  // The run folder says what was computed, not what was asked for: a run must go on in the same type.
  PretrainRecipe resolved = recipe;
  resolved.train.dtype =
      resolve_dtype(recipe.train.dtype) == DType::bf16 ? DTypeChoice::bf16 : DTypeChoice::f32;
  const bool fell_back =
      recipe.train.dtype == DTypeChoice::automatic && resolved.train.dtype == DTypeChoice::f32;
  return Pretrainer(resolved, options, communicator, fell_back).run();
}

}  // namespace wav2vec
