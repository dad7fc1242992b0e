#pragma once
// Everything a run tells: metrics files, terminal, alarms, report. Owned by rank 0.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "wav2vec/config/pretrain_recipe.h"
#include "wav2vec/train/collapse_alarm.h"
#include "wav2vec/train/metrics.h"
#include "wav2vec/train/outlier_detector.h"
#include "wav2vec/train/probe_reading.h"
#include "wav2vec/train/progress.h"
#include "wav2vec/train/run_report.h"
#include "wav2vec/train/training_state.h"
#include "wav2vec/train/validation.h"

namespace wav2vec {

class RunLog {
 public:
  /// Goes on where `resumed` stands.
  RunLog(const std::filesystem::path& run_folder, const PretrainRecipe& recipe, RunSummary summary,
         const TrainingState& resumed);

  void after_update(const TrainingState& state, const UpdateMeasures& measures);
  void after_validation(const TrainingState& state, const ValidationResult& result);
  void after_probe(const TrainingState& state, const ProbeReading& reading);
  void alarm(int64_t update, const std::string& text);
  /// Metrics onto the disk; before a checkpoint is saved.
  void flush();
  void write_report();
  /// To be saved with the training state.
  LogState state() const;

 private:
  void write(const MetricsRecord& record);
  void write_interval(const TrainingState& state);
  void show_progress(const TrainingState& state);

  std::filesystem::path run_folder_;
  ObjectiveConfig objective_;
  TrainConfig train_;
  RunSummary summary_;
  std::vector<std::unique_ptr<MetricsSink>> sinks_;
  CollapseAlarm collapse_;
  OutlierDetector loss_outliers_;
  OutlierDetector norm_outliers_;
  Progress progress_;
  UpdateMeasures interval_;  ///< sums since the last record
  int64_t interval_updates_ = 0;
  double resumed_audio_seconds_ = 0.0;
  std::string last_loss_;   // for the progress line; empty before the first update
  std::string last_valid_;  // likewise
};

/// Loss in bits per divisor; NaN without any.
double bits_per_divisor(const ObjectiveSums& sums, LossDivisor divisor);

/// Share of hits; NaN without positives.
double accuracy(const ObjectiveSums& sums);

}  // namespace wav2vec
