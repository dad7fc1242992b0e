#include "wav2vec/train/pretrainer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <sstream>

#include "train/micro_batch.h"
#include "train/pretraining_corpus.h"
#include "train/run_log.h"
#include "train/shared_state.h"
#include "wav2vec/core/duration.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"
#include "wav2vec/core/log.h"
#include "wav2vec/io/checkpoint.h"
#include "wav2vec/io/run_lock.h"
#include "wav2vec/train/gradient_sum.h"
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

std::vector<std::pair<std::string, std::string>> run_facts(const PretrainRecipe& recipe,
                                                           const PretrainingCorpus& corpus,
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
        state_(network_.layout),
        corpus_(load_pretraining_corpus(recipe)) {
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
  void check_agreement();
  std::vector<MicroBatch> compute(BatchLoader& loader, GradientSum& sum);
  bool update(BatchLoader& loader, GradientSum& sum);
  bool apply(const ObjectiveSums& sums, GradientSum& sum, ParameterBlock& gradients,
             UpdateMeasures& measures);
  void skip(const ObjectiveSums& sums, const UpdateMeasures& measures);
  void validate();
  void probe();
  void compare_with_best(double measure);
  Pass compute_pass(const TrainingRandom* random) {
    return {state_.parameters, workspace_, random, packed_ ? &*packed_ : nullptr};
  }
  void save();
  void save_what_was_done();
  void train(BatchLoader& loader, GradientSum& sum);
  void gather_failures();
  Wait wait(std::string_view what) const { return {what, recipe_.distributed.timeout_seconds}; }
  Wait wait_for_rank0(std::string_view what) const {
    return {what, recipe_.distributed.rank0_timeout_seconds};
  }
  void add_failures(const std::vector<std::string>& failures);

  PretrainRecipe recipe_;
  bool fell_back_;
  const PretrainOptions& options_;
  Communicator& communicator_;
  PretrainingNetwork network_;
  TrainingState state_;
  PretrainingCorpus corpus_;
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
  std::optional<AdamState> whole_adam_;  // rank 0's, while it may save, of a sharded optimiser
};

void Pretrainer::prepare_folder() {
  W2V_CHECK(!recipe_.probe.enabled() || options_.probe != nullptr, "a probe without its function");
  if (!writes()) return;
  const fs::path recipe_path = options_.run_folder / "recipe.toml";
  lock_ =
      claim_run_folder(options_.run_folder, checkpoint_bytes(network_.layout), recipe_.train.keep_last + 2);
  store_.emplace(options_.run_folder);
  if (!options_.resume) refuse_second_run(*store_, options_.run_folder);
  std::error_code ignored;
  if (options_.resume && fs::exists(recipe_path, ignored)) check_same_run(recipe_path, recipe_);
}

// Ranks may lie on different hosts with files of their own.
void Pretrainer::check_agreement() {
  if (communicator_.size() == 1) return;
  const std::string mine = fmt::format("{}\n{:x}", format_recipe("", recipe_.sections()), corpus_.hash);
  const std::vector<std::string> all = gather_texts(communicator_, mine, wait_for_rank0("recipes"));
  for (size_t rank = 1; rank < all.size(); ++rank) {
    if (all[rank] == all[0]) continue;
    throw ConfigError(fmt::format(
        "rank {} has another recipe or other manifests than rank 0 (or a CPU for which dtype auto means "
        "another); give all ranks the same files, and set train.dtype",
        rank));
  }
}

bool Pretrainer::is_marked_best(int64_t update) const {
  const std::optional<BestCheckpoint> best = store_->best();
  return best && best->update == update;
}

void Pretrainer::resume() {
  if (!writes()) return;
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
  if (state_.best_update == state_.update && !is_marked_best(state_.update))
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

std::vector<MicroBatch> Pretrainer::compute(BatchLoader& loader, GradientSum& sum) {
  std::vector<MicroBatch> measured;
  update_utterances_.clear();
  for (int64_t n = 0; n < sum.share().leaves(); ++n) {
    AudioBatch batch = loader.next();
    add_failures(batch.failures);
    MicroBatch& micro_batch = measured.emplace_back();
    micro_batch.items = batch.size();
    const GradientTarget target = sum.next();
    if (!batch.empty()) {
      const std::vector<uint64_t> keys = item_keys(batch);
      const TrainingRandom random{static_cast<uint64_t>(recipe_.train.seed), keys};
      const Pass pass = compute_pass(&random);
      const Activations clean = waveform_of(batch);
      micro_batch.sums = batch.augmented.empty()
                             ? train_pass(network_, pass, clean, target)
                             : train_pass(network_, pass, clean, augmented_waveform_of(batch), target);
    }
    sum.done(batch.empty());
    micro_batch.audio_seconds =
        static_cast<double>(batch.total_samples()) / static_cast<double>(recipe_.data.sample_rate);
    for (int64_t u : batch.utterances)
      update_utterances_.push_back(corpus_.train.utterances[static_cast<size_t>(u)].id);
  }
  return measured;
}

// The optimiser's part; false when the update is not finite and nothing was changed.
bool Pretrainer::apply(const ObjectiveSums& sums, GradientSum& sum, ParameterBlock& gradients,
                       UpdateMeasures& measures) {
  const int64_t count = divisor(sums, recipe_.objective.divisor);
  scale_gradients(gradients.flat(), 1.0 / static_cast<double>(std::max<int64_t>(count, 1)));
  measures.gradient_norm = sum.norm(gradients);
  measures.learning_rate = learning_rate_at(recipe_.optim, recipe_.train.max_updates, state_.update);
  if (!std::isfinite(sums.loss_nats) || !std::isfinite(measures.gradient_norm)) return false;
  scale_gradients(gradients.flat(), clip_factor(measures.gradient_norm, recipe_.optim.clip_norm));
  adam_update(recipe_.optim, measures.learning_rate, sum.owned(), state_.parameters, gradients, state_.adam);
  sum.share_owned(state_.parameters);
  if (packed_) packed_->refresh(state_.parameters);
  return true;
}

void Pretrainer::skip(const ObjectiveSums& sums, const UpdateMeasures& measures) {
  ++state_.skipped;
  ++state_.skipped_in_row;
  const std::string what =
      fmt::format("skipped: loss {} nats, gradient norm {}", sums.loss_nats, measures.gradient_norm);
  std::vector<std::string> utterances;
  const std::string mine = fmt::format("{}", fmt::join(update_utterances_, std::string_view("\0", 1)));
  for (const std::string& names : gather_texts(communicator_, mine, wait("names of utterances"))) {
    std::istringstream stream(names);
    for (std::string name; std::getline(stream, name, '\0');) utterances.push_back(name);
  }
  if (writes()) {
    const nlohmann::json line{{"update", state_.update}, {"reason", what}, {"utterances", utterances}};
    AppendFile(options_.run_folder / "skipped_updates.jsonl")
        .append(line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
    log_->alarm(state_.update, what + "; the utterances are in skipped_updates.jsonl");
  }
  if (state_.skipped_in_row >= recipe_.train.max_skipped_in_row)
    fail_not_finite(options_.run_folder, state_.skipped_in_row, state_.update);
}

// False when nothing of the update's audio could be read, so that there was none.
bool Pretrainer::update(BatchLoader& loader, GradientSum& sum) {
  const Clock::time_point start = Clock::now();
  const double waited_before = loader.seconds_waited();
  const double exchanged_before = sum.exchange_seconds();
  const double exchange_waited_before = sum.waited_seconds();
  const std::vector<MicroBatch> mine = compute(loader, sum);
  // A launcher that ends the job leaves a moment: what is done is saved before the wait for others goes on.
  ParameterBlock& gradients = sum.finish([&] {
    if (writes() && options_.stop_requested()) save();
  });
  const UpdateReport report =
      report_of_ranks(communicator_, recipe_.objective, mine, options_.stop_requested(), wait("sums"));
  const MicroBatch& total = report.total;
  stop_ = stop_ || report.stop;
  state_.position = loader.position();
  if (total.items == 0) return false;

  UpdateMeasures measures{.sums = total.sums,
                          .audio_seconds = total.audio_seconds,
                          .ranks = communicator_.size(),
                          .exchange_seconds = sum.exchange_seconds() - exchanged_before,
                          .exchange_wait_seconds = sum.waited_seconds() - exchange_waited_before};
  const bool applied = apply(total.sums, sum, gradients, measures);
  ++state_.update;
  state_.audio_seconds += measures.audio_seconds;
  measures.compute_seconds = seconds_since(start);
  measures.wait_seconds = loader.seconds_waited() - waited_before;
  state_.wall_seconds += measures.compute_seconds;
  if (!applied) {
    skip(total.sums, measures);
  } else {
    state_.skipped_in_row = 0;
    if (writes()) log_->after_update(state_, measures);
  }
  return true;
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
  // What others hold cannot be had while one of them is lost: the checkpoint before has to do.
  const bool is_sharded = state_.adam.first_moment.size() != state_.parameters.flat().size();
  if (is_sharded && !whole_adam_) return;
  log_->flush();
  state_.log = log_->state();
  if (is_sharded) std::swap(state_.adam, *whole_adam_);
  save_state(*store_, model_file_info(recipe_), state_);
  if (is_sharded) std::swap(state_.adam, *whole_adam_);
  saved_at_ = state_.update;
  log_debug(fmt::format("checkpoint {} saved", state_.update));
  store_->prune(recipe_.train.keep_last);
}

// Another rank is gone: the last update that all have made is on the disk before the job ends.
void Pretrainer::save_what_was_done() {
  if (!writes()) return;
  try {
    save();
    if (saved_at_ >= 0)
      log_warning(fmt::format("a rank is lost; the state of update {} is saved", saved_at_));
  } catch (const Error& error) {
    log_warning(error.what());
  }
}

void Pretrainer::train(BatchLoader& loader, GradientSum& sum) {
  while (!finished() && !stop_) {
    const bool updated = update(loader, sum);
    const bool last = finished();
    const bool validates = last || (updated && state_.update % recipe_.train.valid_every == 0);
    const bool probes =
        recipe_.probe.enabled() && (last || (updated && state_.update % recipe_.probe.every == 0));
    const bool saves = last || stop_ || (updated && state_.update % recipe_.train.save_every == 0);
    if ((validates || probes || saves) && sum.is_sharded())
      whole_adam_ = gather_moments(communicator_, sum, state_);
    if (validates) validate();
    if (probes) probe();
    if (saves) save();
    // The others would count rank 0's work as silence.
    if (validates || probes || saves) barrier(communicator_, wait_for_rank0("a sign that rank 0 goes on"));
    whole_adam_.reset();
  }
}

// Those of all ranks, for rank 0's result.
void Pretrainer::gather_failures() {
  const std::string mine = fmt::format("{}", fmt::join(failures_, "\n"));
  for (const std::string& lines : gather_texts(communicator_, mine, wait("failures"))) {
    std::istringstream stream(lines);
    for (std::string line; std::getline(stream, line);) add_failures({line});
  }
}

PretrainResult Pretrainer::run() {
  GradientSum sum(communicator_, network_.layout, backward_order(network_), recipe_.distributed,
                  recipe_.train.accumulate_batches);
  prepare_folder();
  resume();
  check_agreement();
  // Only rank 0 reads the run folder.
  share_state(communicator_, sum, wait_for_rank0("the state"), state_);
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
                      .turn = {.batches = recipe_.train.accumulate_batches,
                               .first = sum.share().first,
                               .count = sum.share().leaves()},
                      .keep_empty = true,
                      .augment = recipe_.augment,
                      .noise = corpus_.noise});
  try {
    train(loader, sum);
    gather_failures();
  } catch (const CommunicationError&) {
    save_what_was_done();
    throw;
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
