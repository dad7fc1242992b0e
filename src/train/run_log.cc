#include "train/run_log.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "wav2vec/core/log.h"

namespace wav2vec {
namespace {

constexpr double kNotMeasured = std::numeric_limits<double>::quiet_NaN();

double peak_rss_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

std::vector<double> accuracy_per_step(const ObjectiveSums& sums) {
  std::vector<double> shares;
  for (size_t i = 0; i < sums.positives_per_step.size(); ++i) {
    const auto positives = static_cast<double>(sums.positives_per_step[i]);
    shares.push_back(positives > 0 ? static_cast<double>(sums.hits_per_step[i]) / positives : kNotMeasured);
  }
  return shares;
}

void add_features(MetricsRecord& record, const std::string& name, const FeatureStatistics& features) {
  record.values.emplace_back(name + "_std", features.standard_deviation);
  record.values.emplace_back(name + "_effective_rank", features.effective_rank);
  record.values.emplace_back(name + "_dead_channels", static_cast<double>(features.dead_channels));
}

CollapseAlarmConfig alarm_config(const PretrainRecipe& recipe) {
  return {.chance_bits = chance_bits(recipe.objective),
          .constant_prior_bits = constant_prior_bits(recipe.objective),
          .warmup_updates = recipe.optim.warmup_updates};
}

}  // namespace

double bits_per_divisor(const ObjectiveSums& sums, LossDivisor kind) {
  const auto count = static_cast<double>(divisor(sums, kind));
  return count > 0 ? sums.loss_nats / count / std::numbers::ln2 : kNotMeasured;
}

double accuracy(const ObjectiveSums& sums) {
  const auto hits = std::accumulate(sums.hits_per_step.begin(), sums.hits_per_step.end(), int64_t{0});
  return sums.positives > 0 ? static_cast<double>(hits) / static_cast<double>(sums.positives) : kNotMeasured;
}

RunLog::RunLog(const std::filesystem::path& run_folder, const PretrainRecipe& recipe, RunSummary summary,
               const TrainingState& resumed)
    : run_folder_(run_folder),
      objective_(recipe.objective),
      train_(recipe.train),
      summary_(std::move(summary)),
      collapse_(alarm_config(recipe), resumed.log.collapse),
      loss_outliers_("loss", {}, resumed.log.loss_outliers),
      norm_outliers_("gradient norm", {.least_deviation = 0.1, .logarithmic = true},
                     resumed.log.norm_outliers),
      progress_("pretrain", "updates", recipe.train.max_updates, resumed.update),
      interval_(resumed.log.interval),
      interval_updates_(resumed.log.interval_updates),
      resumed_audio_seconds_(resumed.audio_seconds) {
  sinks_.push_back(open_jsonl(run_folder / "metrics.jsonl"));
  sinks_.push_back(open_csv(run_folder / "metrics.csv"));
  sinks_.push_back(open_tensorboard(run_folder));
  for (const auto& sink : sinks_) sink->resume_at(resumed.update);
}

void RunLog::write(const MetricsRecord& record) {
  for (const auto& sink : sinks_) sink->write(record);
}

void RunLog::alarm(int64_t update, const std::string& text) {
  log_warning(fmt::format("update {}: {}", update, text));
  write({.update = update, .split = "alarm", .text = text});
}

void RunLog::after_update(const TrainingState& state, const UpdateMeasures& measures) {
  const double loss_bits = bits_per_divisor(measures.sums, objective_.divisor);
  interval_.sums += measures.sums;
  interval_.gradient_norm += measures.gradient_norm;
  interval_.learning_rate = measures.learning_rate;
  interval_.audio_seconds += measures.audio_seconds;
  interval_.compute_seconds += measures.compute_seconds;
  interval_.wait_seconds += measures.wait_seconds;
  interval_.ranks = measures.ranks;
  interval_.exchange_seconds += measures.exchange_seconds;
  interval_.exchange_wait_seconds += measures.exchange_wait_seconds;
  ++interval_updates_;

  const CollapseReading reading{.update = state.update,
                                .loss_bits = loss_bits,
                                .accuracy = accuracy(measures.sums),
                                .gradient_norm = measures.gradient_norm};
  for (const auto& finding : {collapse_.check(reading), loss_outliers_.check(loss_bits),
                              norm_outliers_.check(measures.gradient_norm)}) {
    if (finding) alarm(state.update, *finding);
  }
  last_loss_ = fmt::format("loss {:.3f} bits", loss_bits);
  show_progress(state);
  if (state.update % train_.log_every == 0 || state.update == train_.max_updates) write_interval(state);
}

void RunLog::show_progress(const TrainingState& state) {
  const bool both = !last_loss_.empty() && !last_valid_.empty();
  progress_.update(state.update, last_loss_ + (both ? ", " : "") + last_valid_,
                   state.audio_seconds - resumed_audio_seconds_);
}

void RunLog::write_interval(const TrainingState& state) {
  const auto updates = static_cast<double>(interval_updates_);
  MetricsRecord record{
      .update = state.update,
      .split = "train",
      .values = {{"loss_bits", bits_per_divisor(interval_.sums, objective_.divisor)},
                 {"chance_bits", chance_bits(objective_)},
                 {"constant_prior_bits", constant_prior_bits(objective_)},
                 {"accuracy", accuracy(interval_.sums)},
                 {"gradient_norm", interval_.gradient_norm / updates},
                 {"learning_rate", interval_.learning_rate},
                 {"audio_seconds_per_second", interval_.audio_seconds / interval_.compute_seconds},
                 {"loader_wait_share", interval_.wait_seconds / interval_.compute_seconds},
                 {"audio_hours", state.audio_seconds / 3600.0},
                 {"wall_seconds", state.wall_seconds},
                 {"skipped_updates", static_cast<double>(state.skipped)},
                 {"peak_rss_mib", peak_rss_mib()}},
      .lists = {{"accuracy_per_step", accuracy_per_step(interval_.sums)}}};
  if (interval_.ranks > 1) {
    record.values.insert(record.values.end(),
                         {{"ranks", static_cast<double>(interval_.ranks)},
                          {"update_seconds", interval_.compute_seconds / updates},
                          {"exchange_seconds", interval_.exchange_seconds / updates},
                          {"exchange_wait_seconds", interval_.exchange_wait_seconds / updates}});
  }
  write(record);
  interval_ = {};
  interval_updates_ = 0;
}

void RunLog::after_validation(const TrainingState& state, const ValidationResult& result) {
  const double loss_bits = bits_per_divisor(result.sums, objective_.divisor);
  MetricsRecord record{.update = state.update,
                       .split = "valid",
                       .values = {{"loss_bits", loss_bits}, {"accuracy", accuracy(result.sums)}},
                       .lists = {{"accuracy_per_step", accuracy_per_step(result.sums)}}};
  add_features(record, "z", result.z);
  add_features(record, "c", result.c);
  write(record);
  last_valid_ = fmt::format("valid {:.3f}", loss_bits);
  show_progress(state);
  log_info(
      fmt::format("update {}: validation loss {:.4f} bits (chance {:.2f}, constant prior {:.3f}), accuracy "
                  "{:.1f} %, effective rank z {:.1f} c {:.1f}",
                  state.update, loss_bits, chance_bits(objective_), constant_prior_bits(objective_),
                  100.0 * accuracy(result.sums), result.z.effective_rank, result.c.effective_rank));
  if (const auto finding = collapse_.check({.update = state.update, .z = result.z, .c = result.c}))
    alarm(state.update, *finding);
}

void RunLog::after_probe(const TrainingState& state, const ProbeReading& reading) {
  write({.update = state.update, .split = "probe", .values = reading.values});
  std::string text;
  for (const auto& [name, value] : reading.values)
    text += fmt::format("{}{} {:.1f} %", text.empty() ? "" : ", ", name, 100.0 * value);
  log_info(fmt::format("update {}: probe: {}", state.update, text));
}

void RunLog::flush() {
  for (const auto& sink : sinks_) sink->flush();
}

LogState RunLog::state() const {
  return {.interval = interval_,
          .interval_updates = interval_updates_,
          .loss_outliers = loss_outliers_.memory(),
          .norm_outliers = norm_outliers_.memory(),
          .collapse = collapse_.memory()};
}

void RunLog::write_report() { write_run_report(run_folder_, summary_); }

}  // namespace wav2vec
