#pragma once
// Metrics of a run and where they go. A trainer holds a list of sinks, chosen at run time.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace wav2vec {

/// What was measured after `update` updates. Names are lower_snake with their unit (loss_bits); `update`,
/// `split` and `text` are taken.
struct MetricsRecord {
  int64_t update = 0;
  std::string split;  ///< "train", "valid", "probe" or "alarm"
  std::vector<std::pair<std::string, double>> values = {};
  /// One number per prediction step and the like: accuracy_per_step.
  std::vector<std::pair<std::string, std::vector<double>>> lists = {};
  std::string text = {};  ///< split "alarm": what was seen; otherwise empty
};

/// A record is handed to the system before write() returns, so that kill -9 loses nothing that was written.
/// All functions throw DiskError with the path.
class MetricsSink {
 public:
  virtual ~MetricsSink() = default;

  virtual void write(const MetricsRecord& record) = 0;
  /// Forgets records with an update above `update` (the one that a resumed run continues from; -1 forgets
  /// everything), so that the run leaves neither gaps nor repeats. Call it before the first write.
  virtual void resume_at(int64_t update) = 0;
  /// Onto the disk. Call it before a checkpoint is saved: what a checkpoint has seen must not be missing.
  virtual void flush() = 0;
};

/// JSON Lines: {"update":20,"split":"train","loss_bits":4.7,…,"accuracy_per_step":[…]}. Every line is valid
/// JSON: numbers that are not finite are the strings "NaN", "Infinity" and "-Infinity". Appends to an
/// existing file; a last line that was cut off is dropped.
std::unique_ptr<MetricsSink> open_jsonl(const std::filesystem::path& path);

/// For a spreadsheet: one header row, one row per record, empty cells for what a record does not hold. Lists
/// become numbered columns (accuracy_per_step_1 …). A record with a new name widens the table: the file is
/// rewritten, atomically. Text never starts a formula.
std::unique_ptr<MetricsSink> open_csv(const std::filesystem::path& path);

/// TensorBoard event file events.out.tfevents.* in `folder`, tags "split/name". resume_at() starts a new file
/// whose first event tells TensorBoard to forget later steps. Records without numbers are left out.
std::unique_ptr<MetricsSink> open_tensorboard(const std::filesystem::path& folder);

/// The records of a metrics.jsonl in the order of the file; lines that are not a record (a line cut off by
/// kill -9) are left out. Throws DataError when the file cannot be read.
std::vector<MetricsRecord> read_metrics(const std::filesystem::path& path);

}  // namespace wav2vec
