#include "wav2vec/head/head_trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <optional>

#include "wav2vec/align/alignment_loss.h"
#include "wav2vec/align/match_loss.h"
#include "wav2vec/core/duration.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"
#include "wav2vec/core/log.h"
#include "wav2vec/data/batch_loader.h"
#include "wav2vec/data/frame_labels.h"
#include "wav2vec/head/head_corpus.h"
#include "wav2vec/head/head_validation.h"
#include "wav2vec/head/joined_batch.h"
#include "wav2vec/head/text_contests.h"
#include "wav2vec/io/checkpoint.h"
#include "wav2vec/io/model_file.h"
#include "wav2vec/io/run_lock.h"
#include "wav2vec/model/alignment_network.h"
#include "wav2vec/nn/accumulate.h"
#include "wav2vec/nn/ctc_loss.h"
#include "wav2vec/nn/softmax.h"
#include "wav2vec/text/token_set.h"
#include "wav2vec/train/initial_weights.h"
#include "wav2vec/train/metrics.h"
#include "wav2vec/train/progress.h"
#include "wav2vec/train/run_folder.h"
#include "wav2vec/train/schedule.h"
#include "wav2vec/train/training_batch.h"
#include "wav2vec/train/training_state.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// How fast the estimate of the priors follows the network.
constexpr double kPriorRate = 0.01;
constexpr double kLeastPrior = 1e-4;
// The batch's share of the priors that its loss is divided by, which gradients reach: if all of them lagged
// behind, both towers would run from one rare sound to the next together.
constexpr double kBatchShare = 0.5;

/// A network that is named takes the place of [model].
HeadRecipe with_network(HeadRecipe recipe) {
  if (recipe.train.initial_model.empty()) {
    log_info("no model is given: the network below the head begins at random as well");
  } else {
    const ModelFileInfo info = ModelFile::open(resolve_model_path(recipe.train.initial_model)).info();
    recipe.model = info.model;
    if (recipe.data.sample_rate != info.sample_rate_hz) {
      fail_field("data", "sample_rate",
                 fmt::format("{}, but the network hears {} Hz; give that", recipe.data.sample_rate,
                             info.sample_rate_hz));
    }
    recipe.data.normalize = info.normalize;
  }
  recipe.train.dtype = DTypeChoice::f32;
  recipe.validate();
  return recipe;
}

FrameTimes frame_times_of(const HeadRecipe& recipe) {
  const FrameGeometry geometry = encoder_geometry(recipe.model);
  const auto rate = static_cast<double>(recipe.data.sample_rate);
  return {geometry.center_sample_of(0) / rate, static_cast<double>(geometry.hop_samples) / rate};
}

HeadCorpus corpus_of(const HeadRecipe& recipe, const FrameTimes& times) {
  HeadCorpus corpus = load_head_corpus(recipe, times);
  if (corpus.phones.count() > recipe.head.sounds) {
    fail_field("head", "sounds",
               fmt::format("{}, but text.phone_times has {} phones; give as many at least",
                           recipe.head.sounds, corpus.phones.count()));
  }
  return corpus;
}

size_t size_of_network(const ParameterLayout& layout) {
  int64_t size = 0;
  for (const ParameterId id : layout.by_name()) {
    const ParameterSpec& spec = layout[id];
    if (spec.name.starts_with("head.")) continue;
    W2V_CHECK(spec.offset == size, "parameters stand in the order of their names");
    size += spec.size;
  }
  return static_cast<size_t>(size);
}

Manifest noise_of(const AugmentConfig& augment) {
  return augment.enabled() && !augment.noise.empty() ? read_manifests(augment.noise) : Manifest{};
}

std::vector<double> exp_of(std::span<const float> logarithms) {
  std::vector<double> out;
  for (const float x : logarithms) out.push_back(std::exp(static_cast<double>(x)));
  return out;
}

/// Over all frames of a batch of logits.
std::vector<double> mean_posterior(const Activations& logits) {
  std::vector<double> mean(static_cast<size_t>(logits.channels), 0.0);
  for (int64_t b = 0; b < logits.batch; ++b) {
    const std::vector<double> log_p = log_softmax(logits.item(b), logits.length(b), logits.channels);
    for (size_t i = 0; i < log_p.size(); ++i) mean[i % mean.size()] += std::exp(log_p[i]);
  }
  for (double& share : mean) share /= static_cast<double>(logits.valid_frames());
  return mean;
}

/// Adds the gradient of item b, given that of each share of the mean times the number of frames.
void mean_posterior_backward(const Activations& logits, int64_t b, std::span<const float> dmean,
                             const Activations& dlogits) {
  const int64_t classes = logits.channels;
  const std::vector<double> log_p = log_softmax(logits.item(b), logits.length(b), classes);
  for (int64_t t = 0; t < logits.length(b); ++t) {
    double mean = 0.0;
    const double* row = log_p.data() + t * classes;
    for (int64_t k = 0; k < classes; ++k) mean += std::exp(row[k]) * dmean[static_cast<size_t>(k)];
    for (int64_t k = 0; k < classes; ++k)
      dlogits.frame(b, t)[k] += static_cast<float>(std::exp(row[k]) * (dmean[static_cast<size_t>(k)] - mean));
  }
}

struct BatchSums {
  double loss_nats = 0.0;  ///< of the alignment
  double phone_nats = 0.0;
  double letter_nats = 0.0;
  int64_t frames = 0;
  int64_t phone_frames = 0;   ///< whose phone is known
  int64_t letter_frames = 0;  ///< of utterances in which CTC has room for the letters
  int64_t utterances = 0;
  int64_t unfit = 0;        ///< utterances whose text does not fit into their frames
  double match_nats = 0.0;  ///< each contest as often as it has frames
  int64_t match_frames = 0;
  int64_t contests = 0;
  int64_t contests_won = 0;  ///< by the right text

  void add(const BatchSums& other) {
    loss_nats += other.loss_nats;
    phone_nats += other.phone_nats;
    letter_nats += other.letter_nats;
    frames += other.frames;
    phone_frames += other.phone_frames;
    letter_frames += other.letter_frames;
    utterances += other.utterances;
    unfit += other.unfit;
    match_nats += other.match_nats;
    match_frames += other.match_frames;
    contests += other.contests;
    contests_won += other.contests_won;
  }
};

Activations zeros_like(const Activations& x, Workspace& workspace) {
  const Activations zeros = workspace.push_like(x);
  set_zero(zeros);
  return zeros;
}

/// Logits of a batch, or their gradients.
struct Towers {
  AlignmentLogits audio;
  Activations text;      ///< [batch, letters, sounds]
  Activations contests;  ///< of the texts of contests, likewise; no data where there are none
};

/// Texts and, with early fusion, the frames that each attends to while training: those where it is spoken, or
/// none.
struct AttendingTexts {
  std::vector<std::vector<int>> texts;
  std::vector<AttendedFrames> attended;
  std::vector<uint64_t> keys;  ///< of dropout
};

class HeadTrainer {
 public:
  HeadTrainer(const HeadRecipe& recipe, const HeadTrainingOptions& options)
      : recipe_(with_network(recipe)),
        options_(options),
        frame_times_(frame_times_of(recipe_)),
        corpus_(corpus_of(recipe_, frame_times_)),
        network_(recipe_.model, recipe_.head, token_count(recipe_.text.tokens)),
        gradients_(network_.layout),
        state_(network_.layout),
        network_size_(size_of_network(network_.layout)) {
    if (recipe_.join.seconds > 0.0 && recipe_.join.noise_probability > 0.0)
      noise_pool_ = make_noise_pool(recipe_.data.sample_rate, static_cast<uint64_t>(recipe_.train.seed));
  }

  HeadTrainingResult run();

 private:
  bool finished() const { return state_.update >= recipe_.train.max_updates; }
  void prepare_folder();
  void begin();
  void update(BatchLoader& loader);
  AttendedFrames attended(int64_t item, int64_t first_frame, int64_t end_frame, uint64_t key) const;
  AttendingTexts spoken_texts(std::span<const SpokenText> spoken, std::span<const int64_t> frames,
                              std::span<const uint64_t> keys) const;
  AttendingTexts contest_texts(const TextContests& contests, std::span<const uint64_t> keys) const;
  BatchSums utterance_losses(const SpokenText& text, const Towers& logits, const Towers& dlogits, int64_t b,
                             std::span<const float> log_priors, double* dlog_priors) const;
  BatchSums contest_losses(const TextContests& contests, const Towers& logits, const Towers& dlogits,
                           int64_t b, std::span<const float> log_priors, double* dlog_priors) const;
  BatchSums losses(std::span<const SpokenText> spoken, const TextContests& contests, const Towers& logits,
                   const Towers& dlogits) const;
  void adam_step(double rate);
  void follow_priors(const Activations& sounds);
  void validate();
  void save();
  void log_interval();

  HeadRecipe recipe_;
  const HeadTrainingOptions& options_;
  FrameTimes frame_times_;
  HeadCorpus corpus_;
  AlignmentNetwork network_;
  ParameterBlock gradients_;
  TrainingState state_;
  NoisePool noise_pool_;
  size_t network_size_;  // of the parameters below the head, which stand first in the block
  Workspace workspace_;
  std::optional<RunLock> lock_;
  std::optional<CheckpointStore> store_;
  std::unique_ptr<MetricsSink> metrics_;
  std::vector<std::string> failures_;
  HeadValidation last_;
  BatchSums interval_;
  double interval_norm_ = 0.0;
  int64_t interval_updates_ = 0;
  int64_t saved_at_ = -1;
  int64_t validated_at_ = -1;
};

void HeadTrainer::prepare_folder() {
  const fs::path recipe_path = options_.run_folder / "recipe.toml";
  lock_ =
      claim_run_folder(options_.run_folder, checkpoint_bytes(network_.layout), recipe_.train.keep_last + 2);
  store_.emplace(options_.run_folder);
  if (!options_.resume) refuse_second_run(*store_, options_.run_folder);
  std::error_code ignored;
  if (!options_.resume || !fs::exists(recipe_path, ignored)) return;
  HeadRecipe stored;
  HeadRecipe mine = recipe_;
  read_recipe(recipe_path, stored.sections());
  check_same_recipe(recipe_path, stored.sections(), mine.sections());
}

void HeadTrainer::begin() {
  const std::optional<Checkpoint> checkpoint = options_.resume ? store_->load_newest() : std::nullopt;
  if (checkpoint) {
    load_state(*checkpoint, state_);
    if (state_.corpus_hash != corpus_.hash) {
      throw ConfigError(
          fmt::format("{}: the manifests, texts or word times are not those that this run was started "
                      "with; restore them, or start a new run",
                      printable(checkpoint->folder.string())));
    }
    saved_at_ = state_.update;
    if (!finished()) log_info(fmt::format("resuming at update {}", state_.update));
    return;
  }
  set_initial_weights(recipe_.model, recipe_.train, state_.parameters);
  state_.corpus_hash = corpus_.hash;
}

void HeadTrainer::follow_priors(const Activations& sounds) {
  const std::vector<double> mean = mean_posterior(sounds);
  // The first batches count alike.
  const double rate = std::max(kPriorRate, 1.0 / static_cast<double>(state_.update + 1));
  const auto log_priors = state_.parameters[network_.log_priors];
  for (size_t k = 0; k < mean.size(); ++k) {
    const double old = std::exp(static_cast<double>(log_priors[k]));
    log_priors[k] = static_cast<float>(std::log(std::max((1.0 - rate) * old + rate * mean[k], kLeastPrior)));
  }
}

/// What the letters' output should say of each frame, [frames, tokens]: the letters that the alignment has
/// there, and blank in between.
std::vector<float> letter_targets(std::span<const float> occupancy, std::span<const int> letters,
                                  int64_t tokens) {
  const size_t frames = occupancy.size() / letters.size();
  std::vector<float> targets(frames * static_cast<size_t>(tokens), 0.0F);
  for (size_t t = 0; t < frames; ++t) {
    float* const row = targets.data() + t * static_cast<size_t>(tokens);
    float spoken = 0.0F;
    for (size_t i = 0; i < letters.size(); ++i) {
      const float share = occupancy[t * letters.size() + i];
      if (letters[i] == kGapToken) continue;
      row[letters[i]] += share;
      spoken += share;
    }
    row[kBlankToken] = std::max(0.0F, 1.0F - spoken);
  }
  return targets;
}

BatchSums HeadTrainer::utterance_losses(const SpokenText& text, const Towers& logits, const Towers& dlogits,
                                        int64_t b, std::span<const float> log_priors,
                                        double* dlog_priors) const {
  const Activations& sounds = logits.audio.sounds;
  const Activations& letters = logits.audio.letters;
  const int64_t frames = sounds.length(b);
  float* const dsounds = dlogits.audio.sounds.item(b);
  BatchSums sums{.frames = frames, .utterances = 1};
  std::vector<float> occupancy(static_cast<size_t>(frames * logits.text.length(b)));
  const double loss = alignment_loss({.frames = sounds.item(b),
                                      .letters = logits.text.item(b),
                                      .dframes = dsounds,
                                      .dletters = dlogits.text.item(b),
                                      .dlog_priors = dlog_priors,
                                      .occupancy = occupancy.data(),
                                      .frame_count = frames,
                                      .letter_count = logits.text.length(b),
                                      .sounds = sounds.channels},
                                     text.chain, log_priors);
  if (std::isfinite(loss))
    sums.loss_nats = loss;
  else
    sums.unfit = 1;
  if (!text.phones.empty()) {
    const std::vector<int32_t> labels = frame_labels(text.phones, corpus_.phones, frame_times_, frames);
    std::vector<float> dphones(static_cast<size_t>(frames * sounds.channels));
    sums.phone_nats = frames_cross_entropy(sounds.item(b), frames, sounds.channels, labels,
                                           static_cast<float>(recipe_.text.phone_weight), dphones.data());
    sums.phone_frames = std::ranges::count_if(labels, [](int32_t label) { return label >= 0; });
    for (size_t k = 0; k < dphones.size(); ++k) dsounds[k] += dphones[k];
  }
  float* const dletters = dlogits.audio.letters.item(b);
  std::fill_n(dletters, frames * letters.channels, 0.0F);
  for (const TextPart& part : text.parts) {
    const int64_t first = std::min(part.first_frame, frames);
    const int64_t count = std::min(part.end_frame, frames) - first;
    float* const dpart = dletters + first * letters.channels;
    const double letter_loss =
        ctc_loss(letters.frame(b, first), count, letters.channels, part.letters, dpart);
    if (!std::isfinite(letter_loss)) continue;
    sums.letter_nats += letter_loss;
    sums.letter_frames += count;
  }
  const auto weight = static_cast<float>(recipe_.text.letter_weight);
  for (int64_t k = 0; k < frames * letters.channels; ++k) dletters[k] *= weight;
  if (std::isfinite(loss) && recipe_.text.letter_frame_weight > 0.0)
    soft_cross_entropy(letters.item(b), frames, letters.channels,
                       letter_targets(occupancy, text.tokens, letters.channels),
                       static_cast<float>(recipe_.text.letter_frame_weight), dletters);
  return sums;
}

/// Adds its gradients to those of utterance_losses().
BatchSums HeadTrainer::contest_losses(const TextContests& contests, const Towers& logits,
                                      const Towers& dlogits, int64_t b, std::span<const float> log_priors,
                                      double* dlog_priors) const {
  const Activations& sounds = logits.audio.sounds;
  BatchSums sums;
  for (const TextContest& contest : contests.contests) {
    if (contest.item != b) continue;
    // Without the known times, which the wrong texts have not.
    std::vector<std::vector<ChainState>> chains;
    std::vector<MatchText> texts;
    for (size_t n = contest.first_text; n < contest.first_text + contest.text_count; ++n)
      chains.push_back(chain_of(contests.texts[n]));
    for (size_t i = 0; i < chains.size(); ++i) {
      const auto n = static_cast<int64_t>(contest.first_text + i);
      texts.push_back(
          {logits.contests.item(n), dlogits.contests.item(n), logits.contests.length(n), chains[i]});
    }
    const int64_t frames = contest.end_frame - contest.first_frame;
    const MatchLoss match = match_loss({.frames = sounds.frame(b, contest.first_frame),
                                        .dframes = dlogits.audio.sounds.frame(b, contest.first_frame),
                                        .dlog_priors = dlog_priors,
                                        .frame_count = frames,
                                        .sounds = sounds.channels},
                                       texts, log_priors, recipe_.head.match_temperature,
                                       recipe_.head.match_weight * static_cast<double>(frames));
    if (match.texts < 2) continue;
    sums.match_nats += match.nats * static_cast<double>(frames);
    sums.match_frames += frames;
    ++sums.contests;
    if (match.right_is_best) ++sums.contests_won;
  }
  return sums;
}

BatchSums HeadTrainer::losses(std::span<const SpokenText> spoken, const TextContests& contests,
                              const Towers& logits, const Towers& dlogits) const {
  const Activations& sounds = logits.audio.sounds;
  const std::vector<double> running = exp_of(state_.parameters[network_.log_priors]);
  const std::vector<double> now = mean_posterior(sounds);
  std::vector<float> log_priors;
  for (size_t k = 0; k < now.size(); ++k) {
    log_priors.push_back(
        static_cast<float>(std::log((1.0 - kBatchShare) * running[k] + kBatchShare * now[k])));
  }
  std::vector<BatchSums> each(static_cast<size_t>(sounds.batch));
  std::vector<double> dlog_priors(each.size() * now.size());
#pragma omp parallel for schedule(dynamic)
  for (int64_t b = 0; b < sounds.batch; ++b) {
    const auto i = static_cast<size_t>(b);
    double* const dpriors = dlog_priors.data() + i * now.size();
    each[i] = utterance_losses(spoken[i], logits, dlogits, b, log_priors, dpriors);
    each[i].add(contest_losses(contests, logits, dlogits, b, log_priors, dpriors));
  }
  // Through the mean posterior of the batch back to every frame.
  std::vector<float> dmean(now.size(), 0.0F);
  for (size_t k = 0; k < now.size(); ++k) {
    double sum = 0.0;
    for (size_t i = 0; i < each.size(); ++i) sum += dlog_priors[i * now.size() + k];
    dmean[k] = static_cast<float>(sum * kBatchShare / std::exp(static_cast<double>(log_priors[k])) /
                                  static_cast<double>(sounds.valid_frames()));
  }
#pragma omp parallel for schedule(dynamic)
  for (int64_t b = 0; b < sounds.batch; ++b) mean_posterior_backward(sounds, b, dmean, dlogits.audio.sounds);
  BatchSums sums;
  for (const BatchSums& one : each) sums.add(one);
  return sums;
}

AttendedFrames HeadTrainer::attended(int64_t item, int64_t first_frame, int64_t end_frame,
                                     uint64_t key) const {
  const RandomStream random(static_cast<uint64_t>(recipe_.train.seed), RandomUse::attention, {key});
  if (random.uniform(0) < recipe_.head.attention_dropout) return {};
  return {item, first_frame, end_frame};
}

AttendingTexts HeadTrainer::spoken_texts(std::span<const SpokenText> spoken, std::span<const int64_t> frames,
                                         std::span<const uint64_t> keys) const {
  AttendingTexts result{.texts = {}, .attended = {}, .keys = {keys.begin(), keys.end()}};
  for (size_t b = 0; b < spoken.size(); ++b) {
    result.texts.push_back(spoken[b].tokens);
    if (network_.attention)
      result.attended.push_back(attended(static_cast<int64_t>(b), 0, frames[b], keys[b]));
  }
  return result;
}

/// All texts of a contest see the same: the same frames, the same places dropped.
AttendingTexts HeadTrainer::contest_texts(const TextContests& contests,
                                          std::span<const uint64_t> keys) const {
  AttendingTexts result{.texts = contests.texts, .attended = {}, .keys = {}};
  for (const TextContest& contest : contests.contests) {
    const uint64_t key = mix64(mix64(keys[static_cast<size_t>(contest.item)]) ^
                               (static_cast<uint64_t>(contest.first_frame) + 1));
    const AttendedFrames frames = attended(contest.item, contest.first_frame, contest.end_frame, key);
    for (size_t i = 0; i < contest.text_count; ++i) {
      result.keys.push_back(key);
      if (network_.attention) result.attended.push_back(frames);
    }
  }
  return result;
}

/// The network below the head goes a part of the way that Adam would.
void HeadTrainer::adam_step(double rate) {
  const std::span<float> network = state_.parameters.flat().first(network_size_);
  const std::vector<float> before(network.begin(), network.end());
  adam_update(recipe_.optim, rate, state_.parameters, gradients_, state_.adam);
  const auto share = static_cast<float>(recipe_.head.network_rate);
  for (size_t i = 0; i < before.size(); ++i) network[i] = before[i] + share * (network[i] - before[i]);
}

void HeadTrainer::update(BatchLoader& loader) {
  const Clock::time_point start = Clock::now();
  const int64_t hop_samples = encoder_geometry(recipe_.model).hop_samples;
  auto [batch, spoken] = join_utterances(loader.next(), corpus_.train.texts, recipe_.join,
                                         {recipe_.data.sample_rate, hop_samples}, noise_pool_,
                                         static_cast<uint64_t>(recipe_.train.seed));
  for (std::string& failure : batch.failures) {
    if (std::ranges::find(failures_, failure) == failures_.end()) failures_.push_back(std::move(failure));
  }
  const std::vector<uint64_t> keys = item_keys(batch);
  const TrainingRandom random{static_cast<uint64_t>(recipe_.train.seed), keys};
  const Pass pass{state_.parameters, workspace_, &random};
  const Workspace::Mark mark = workspace_.mark();
  AlignmentCache cache;
  TextCache text_cache;
  TextCache contest_cache;
  const Activations waveform = waveform_of(batch);
  Towers logits{.audio = alignment_forward(network_, pass, waveform, &cache), .text = {}, .contests = {}};
  const Activations& hidden = logits.audio.hidden;
  const AttendingTexts texts = spoken_texts(spoken, hidden.lengths, keys);
  logits.text = text_forward(network_, pass, texts.texts, kGapToken, hidden, texts.attended, text_cache);
  TextContests contests;
  if (recipe_.head.match_weight > 0.0) {
    contests = text_contests(spoken, hidden.lengths, recipe_.head.match_negatives,
                             {static_cast<uint64_t>(recipe_.train.seed), static_cast<uint64_t>(batch.epoch),
                              static_cast<uint64_t>(batch.batch_in_epoch)});
  }
  const AttendingTexts rivals = contest_texts(contests, keys);
  const TrainingRandom contest_random{random.seed, rivals.keys};
  const Pass contest_pass{state_.parameters, workspace_, &contest_random};
  if (!contests.contests.empty()) {
    logits.contests =
        text_forward(network_, contest_pass, rivals.texts, kGapToken, hidden, rivals.attended, contest_cache);
  }
  Towers dlogits{.audio = {.sounds = workspace_.push_like(logits.audio.sounds),
                           .letters = workspace_.push_like(logits.audio.letters)},
                 .text = workspace_.push_like(logits.text),
                 .contests = {}};
  if (network_.attention) dlogits.audio.hidden = zeros_like(hidden, workspace_);
  if (!contests.contests.empty()) dlogits.contests = zeros_like(logits.contests, workspace_);
  const BatchSums sums = losses(spoken, contests, logits, dlogits);
  gradients_.zero();
  text_backward(network_, pass, text_cache, dlogits.text, gradients_, dlogits.audio.hidden);
  if (!contests.contests.empty())
    text_backward(network_, contest_pass, contest_cache, dlogits.contests, gradients_, dlogits.audio.hidden);
  alignment_backward(network_, pass, cache, dlogits.audio, gradients_);
  scale_gradients(gradients_.flat(), 1.0 / static_cast<double>(std::max<int64_t>(sums.frames, 1)));
  const double norm = gradient_norm(gradients_.flat());
  if (std::isfinite(sums.loss_nats + sums.phone_nats + sums.letter_nats + sums.match_nats) &&
      std::isfinite(norm)) {
    scale_gradients(gradients_.flat(), clip_factor(norm, recipe_.optim.clip_norm));
    const double rate = learning_rate_at(recipe_.optim, recipe_.train.max_updates, state_.update);
    adam_step(rate);
    follow_priors(logits.audio.sounds);
    state_.skipped_in_row = 0;
    interval_.add(sums);
    interval_norm_ += norm;
    ++interval_updates_;
  } else {
    ++state_.skipped;
    if (++state_.skipped_in_row >= recipe_.train.max_skipped_in_row)
      fail_not_finite(options_.run_folder, state_.skipped_in_row, state_.update + 1);
  }
  workspace_.rewind(mark);
  ++state_.update;
  state_.position = loader.position();
  state_.audio_seconds +=
      static_cast<double>(batch.total_samples()) / static_cast<double>(recipe_.data.sample_rate);
  state_.wall_seconds += std::chrono::duration<double>(Clock::now() - start).count();
}

void HeadTrainer::log_interval() {
  if (interval_updates_ == 0) return;
  if (interval_.unfit == interval_.utterances) {
    throw DataError(fmt::format(
        "{}: no text of the last {} utterances fits into its audio; expected texts of what is said in "
        "each file, and word times of that file",
        printable(options_.run_folder.string()), interval_.utterances));
  }
  MetricsRecord measured{
      .update = state_.update,
      .split = "train",
      .values = {
          {"loss_nats_per_frame", interval_.loss_nats / static_cast<double>(interval_.frames)},
          {"phone_nats_per_frame", interval_.phone_nats / static_cast<double>(interval_.phone_frames)},
          {"letter_nats_per_frame", interval_.letter_nats / static_cast<double>(interval_.letter_frames)},
          {"gradient_norm", interval_norm_ / static_cast<double>(interval_updates_)},
          {"unfit_utterances", static_cast<double>(interval_.unfit)},
          {"audio_hours", state_.audio_seconds / 3600.0},
          {"wall_seconds", state_.wall_seconds},
          {"skipped_updates", static_cast<double>(state_.skipped)}}};
  if (recipe_.head.match_weight > 0.0) {
    measured.values.emplace_back("match_nats",
                                 interval_.match_nats / static_cast<double>(interval_.match_frames));
    measured.values.emplace_back(
        "match_won", static_cast<double>(interval_.contests_won) / static_cast<double>(interval_.contests));
  }
  metrics_->write(measured);
  interval_ = {};
  interval_norm_ = 0.0;
  interval_updates_ = 0;
}

void HeadTrainer::validate() {
  if (validated_at_ == state_.update || corpus_.valid.texts.empty()) return;
  validated_at_ = state_.update;
  const Pass pass{state_.parameters, workspace_};
  last_ =
      validate_head(network_, pass, corpus_.valid, recipe_.data, frame_times_, recipe_.train.valid_batches);
  metrics_->write({.update = state_.update,
                   .split = "valid",
                   .values = {{"loss_nats_per_frame", last_.loss_nats},
                              {"character_error_rate", last_.character_error_rate},
                              {"start_error_seconds", last_.start_error_seconds},
                              {"end_error_seconds", last_.end_error_seconds},
                              {"start_bias_seconds", last_.start_bias_seconds},
                              {"end_bias_seconds", last_.end_bias_seconds},
                              {"words", static_cast<double>(last_.words)},
                              {"match_auc", last_.match_auc}}});
  std::ranges::transform(last_.calibration.weights, state_.parameters[network_.calibration].begin(),
                         [](double weight) { return static_cast<float>(weight); });
  const double told_wrong = 1.0 - last_.match_auc;
  if (!(told_wrong < state_.best_measure)) return;
  state_.best_measure = told_wrong;
  state_.best_update = state_.update;
  saved_at_ = -1;  // the checkpoint must know that it is the best
  save();
  store_->mark_best(state_.best_update, state_.best_measure);
}

void HeadTrainer::save() {
  if (saved_at_ == state_.update) return;
  metrics_->flush();
  save_state(*store_,
             {.model = recipe_.model,
              .objective = {},
              .sample_rate_hz = recipe_.data.sample_rate,
              .normalize = recipe_.data.normalize,
              .head = recipe_.head,
              .tokens = recipe_.text.tokens},
             state_);
  saved_at_ = state_.update;
  store_->prune(recipe_.train.keep_last);
}

HeadTrainingResult HeadTrainer::run() {
  prepare_folder();
  begin();
  if (finished())
    return {.updates = state_.update,
            .already_finished = true,
            .best_match_auc = 1.0 - state_.best_measure,
            .failures = {}};
  write_run_recipe(options_.run_folder, recipe_.sections());
  metrics_ = open_jsonl(options_.run_folder / "metrics.jsonl");
  metrics_->resume_at(state_.update > 0 ? state_.update : -1);
  log_info(fmt::format("Training: {} in {} utterances, the times of words known in {}; validation: {} in {}",
                       format_audio_length(corpus_.train.manifest.known_seconds()),
                       corpus_.train.texts.size(), corpus_.train.with_times(),
                       format_audio_length(corpus_.valid.manifest.known_seconds()),
                       corpus_.valid.texts.size()));
  if (!recipe_.text.word_times.empty() && corpus_.train.with_times() == 0) {
    log_warning(
        fmt::format("text.word_times: none belongs to an utterance, whose ids are like \"{}\"; expected the "
                    "same ids and words",
                    printable(corpus_.train.manifest.utterances[0].id)));
  }
  if (corpus_.too_long > 0 || corpus_.without_text > 0) {
    log_info(fmt::format("left out: {} utterances longer than data.crop_samples, {} without letters",
                         corpus_.too_long, corpus_.without_text));
  }
  BatchLoader loader(
      corpus_.train.manifest, recipe_.data, static_cast<uint64_t>(recipe_.train.seed),
      {.start = state_.position, .augment = recipe_.augment, .noise = noise_of(recipe_.augment)});
  Progress progress("train-head", "updates", recipe_.train.max_updates, state_.update);
  const double heard_before = state_.audio_seconds;
  bool stop = false;
  while (!finished() && !stop) {
    update(loader);
    stop = options_.stop_requested();
    std::string detail;
    if (interval_.frames > 0)
      detail = fmt::format("loss {:.3f} nats", interval_.loss_nats / static_cast<double>(interval_.frames));
    progress.update(state_.update, detail, state_.audio_seconds - heard_before);
    const bool last = finished();
    if (last || state_.update % recipe_.train.log_every == 0) log_interval();
    if (last || state_.update % recipe_.train.valid_every == 0) validate();
    if (last || stop || state_.update % recipe_.train.save_every == 0) save();
  }
  return {.updates = state_.update,
          .interrupted = !finished(),
          .best_match_auc = 1.0 - state_.best_measure,
          .last = last_,
          .failures = std::move(failures_)};
}

}  // namespace

HeadTrainingResult train_alignment_head(const HeadRecipe& recipe, const HeadTrainingOptions& options) {
  recipe.validate();
  return HeadTrainer(recipe, options).run();
}

}  // namespace wav2vec
