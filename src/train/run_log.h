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
#include "wav2vec/train/progress.h"
#include "wav2vec/train/run_report.h"
#include "wav2vec/train/training_state.h"
#include "wav2vec/train/validation.h"

namespace wav2vec {

/// What one update measured, already summed over accumulation and ranks.
struct UpdateMeasures {
  ObjectiveSums sums;
  double gradient_norm = 0.0;
  double learning_rate = 0.0;
  double audio_seconds = 0.0;
  double compute_seconds = 0.0;  ///< the whole update, waiting for the loader included
  double wait_seconds = 0.0;
};

class RunLog {
 public:
  RunLog(const std::filesystem::path& run_folder, const PretrainRecipe& recipe, RunSummary summary,
         int64_t resumed_update);

  void after_update(const TrainingState& state, const UpdateMeasures& measures);
  void after_validation(const TrainingState& state, const ValidationResult& result);
  void alarm(int64_t update, const std::string& text);
  /// Metrics onto the disk; before a checkpoint is saved.
  void flush();
  void write_report();

 private:
  void write(const MetricsRecord& record);
  void write_interval(const TrainingState& state);

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
  std::string last_valid_;
};

/// Loss in bits per divisor; NaN without any.
double bits_per_divisor(const ObjectiveSums& sums, LossDivisor divisor);

/// Share of hits; NaN without positives.
double accuracy(const ObjectiveSums& sums);

}  // namespace wav2vec
