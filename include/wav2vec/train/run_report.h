#pragma once
// report.html: one self-contained page about a run.

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "wav2vec/train/metrics.h"

namespace wav2vec {

/// What the page shows besides the curves. All text may be untrusted.
struct RunSummary {
  std::string title = {};         ///< name of the run
  std::string recipe_text = {};   ///< the resolved recipe
  std::string command_line = {};  ///< how to do it again
  /// Name and value, shown as they are: parameters, data, speakers, machine, dtype.
  std::vector<std::pair<std::string, std::string>> facts = {};
  double clip_norm = 0.0;   ///< drawn beside the gradient norm; 0 = off
  int64_t max_updates = 0;  ///< planned; 0 = unknown
};

struct RunVerdict {
  enum class Tone { unknown, good, bad };
  Tone tone = Tone::unknown;
  std::string text;
};

/// In plain words: "Learning: validation loss 3.91 bits, 0.92 below the constant-prior line; still falling".
/// `records` as in metrics.jsonl; without a validation the training loss is judged.
RunVerdict judge_run(const std::vector<MetricsRecord>& records);

/// The page. Drawn from split "train": loss_bits, chance_bits, constant_prior_bits, accuracy, gradient_norm,
/// learning_rate, audio_seconds_per_second, audio_hours, wall_seconds, loader_wait_share, skipped_updates,
/// peak_rss_mib; from "valid": loss_bits, accuracy, accuracy_per_step, and std, effective_rank, dead_channels
/// with z_ or c_ in front. Every record with split "alarm" is listed. Records may be few, none or many (long
/// runs are thinned so that every peak stays; numbers that are not finite are left out of the curves). The
/// page loads nothing and runs no text of the run.
std::string render_run_report(const RunSummary& summary, const std::vector<MetricsRecord>& records);

/// Reads `run_folder`/metrics.jsonl (none is fine) and writes `run_folder`/report.html, whole or not at all.
void write_run_report(const std::filesystem::path& run_folder, const RunSummary& summary);

}  // namespace wav2vec
