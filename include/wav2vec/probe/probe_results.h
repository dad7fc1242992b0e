#pragma once
// What a probe found, for reports.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "wav2vec/measure/bootstrap.h"

namespace wav2vec {

/// Error rates of one measure (probe_loss.h, measure_names()).
struct ProbeScore {
  Interval rate;                ///< over all seeds together; by speaker
  std::vector<double> seeds;    ///< the rate of each seed
  Comparison against_baseline;  ///< on the same labels; of no use for the baseline itself
};

/// One input with one label budget.
struct ProbeCell {
  std::string input;
  double label_minutes = 0.0;  ///< as asked for; 0 = all
  double used_minutes = 0.0;   ///< of speech, in the mean of the seeds
  int64_t dimensions = 0;      ///< that the head reads per frame
  double learning_rate = 0.0;  ///< chosen on dev
  double dev_error = 0.0;      ///< of the first seed with it
  bool rate_at_edge = false;   ///< the lowest or highest rate that was tried: others might do better
  std::vector<double> layer_weights = {};  ///< of a mix, in the first seed
  std::vector<ProbeScore> scores = {};     ///< one for each measure
};

struct ProbeResults {
  std::string task;
  std::string head;
  std::string baseline;
  std::vector<std::string> measures;  ///< the one that learning rates were chosen by first
  std::vector<ProbeCell> cells;       ///< inputs in the order of the recipe, label budgets within
  std::vector<std::pair<std::string, std::string>> facts;  ///< name and value, for people
  std::vector<std::string> failures;                       ///< utterances left out, one message each
  std::string recipe_text;
  std::string command_line;
  bool interrupted = false;  ///< cells are missing
};

}  // namespace wav2vec
