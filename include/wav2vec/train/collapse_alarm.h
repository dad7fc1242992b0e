#pragma once
// Recognises a run that trains without learning, from the numbers that are logged anyway.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "wav2vec/train/feature_statistics.h"

namespace wav2vec {

/// What was measured at `update`; whatever is missing stays NaN or empty.
///
/// `accuracy` must count a hit only where the positive's logit is strictly above every negative's: a
/// collapsed network gives equal logits everywhere, and ties counted as hits would show it an accuracy of 1.
struct CollapseReading {
  static constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

  int64_t update = 0;
  double loss_bits = kMissing;
  double accuracy = kMissing;
  double gradient_norm = kMissing;
  std::optional<FeatureStatistics> z = {};
  std::optional<FeatureStatistics> c = {};
};

struct CollapseAlarmConfig {
  double chance_bits = 0;          ///< config/objective_config.h
  double constant_prior_bits = 0;  ///< config/objective_config.h
  int64_t warmup_updates = 0;      ///< loss and features are not judged before
  int64_t patience_updates = 500;  ///< a loss must stay on its line this long
  double tolerance_bits = 0.02;    ///< how close to a line is "on" it
  double dead_share = 0.5;         ///< of the channels
  double least_effective_rank = 2.0;
  double least_standard_deviation = 1e-4;
};

/// What has been told, and since when the loss is on a line; in the training state, so that a resumed run
/// neither repeats nor forgets.
struct CollapseMemory {
  uint64_t told = 0;  ///< one bit per kind of trouble
  std::optional<int64_t> at_chance_since;
  std::optional<int64_t> at_prior_since;
};

/// A state machine without clock or files. Fed with every reading it answers with one line for the log when
/// something new is wrong; each kind of trouble is told once and again only after it had gone away.
class CollapseAlarm {
 public:
  explicit CollapseAlarm(const CollapseAlarmConfig& config, const CollapseMemory& memory = {})
      : config_(config), memory_(memory) {}

  /// "collapse? loss 4.831 bits has stayed within 0.02 of the constant-prior line 4.834 for 500 updates";
  /// several findings are joined by "; ".
  std::optional<std::string> check(const CollapseReading& reading);

  const CollapseMemory& memory() const { return memory_; }

 private:
  /// Bits of CollapseMemory::told: new ones go to the end.
  enum Kind { kChance, kPrior, kGradient, kTies, kZDead, kZRank, kZSpread, kCDead, kCRank, kCSpread };

  bool is_new(Kind kind, bool present);
  bool stays(std::optional<int64_t>& since, bool on_line, int64_t update) const;
  void check_loss(const CollapseReading& reading, std::vector<std::string>& findings);
  void check_gradient(const CollapseReading& reading, std::vector<std::string>& findings);
  void check_features(const char* name, const FeatureStatistics& features, Kind first,
                      std::vector<std::string>& findings);

  CollapseAlarmConfig config_;
  CollapseMemory memory_;
};

}  // namespace wav2vec
