#include "wav2vec/train/collapse_alarm.h"

#include <fmt/format.h>

#include <cmath>

namespace wav2vec {
namespace {

/// An accuracy that a run at or above its constant-prior line cannot have earned.
constexpr double kUnearnedAccuracy = 0.95;

std::string accuracy_text(double accuracy) {
  return std::isnan(accuracy) ? "" : fmt::format(" (accuracy {:.2f})", accuracy);
}

}  // namespace

std::optional<std::string> CollapseAlarm::check(const CollapseReading& reading) {
  std::vector<std::string> findings;
  check_gradient(reading, findings);
  if (reading.update >= config_.warmup_updates) {
    check_loss(reading, findings);
    if (reading.z) check_features("z", *reading.z, kZDead, findings);
    if (reading.c) check_features("c", *reading.c, kCDead, findings);
  }
  if (findings.empty()) return std::nullopt;
  return fmt::format("collapse? {}", fmt::join(findings, "; "));
}

bool CollapseAlarm::is_new(Kind kind, bool present) {
  const uint64_t bit = uint64_t{1} << kind;
  const bool before = (memory_.told & bit) != 0;
  memory_.told = present ? memory_.told | bit : memory_.told & ~bit;
  return present && !before;
}

bool CollapseAlarm::stays(std::optional<int64_t>& since, bool on_line, int64_t update) const {
  if (!on_line) since.reset();
  if (on_line && !since) since = update;
  return since && update - *since >= config_.patience_updates;
}

void CollapseAlarm::check_loss(const CollapseReading& reading, std::vector<std::string>& findings) {
  const double loss = reading.loss_bits;
  if (std::isnan(loss)) return;
  const bool lines_differ =
      std::abs(config_.chance_bits - config_.constant_prior_bits) > config_.tolerance_bits;
  const bool at_chance = loss >= config_.chance_bits - config_.tolerance_bits;
  const bool at_prior =
      lines_differ && std::abs(loss - config_.constant_prior_bits) <= config_.tolerance_bits;
  if (is_new(kChance, stays(memory_.at_chance_since, at_chance, reading.update))) {
    findings.push_back(fmt::format("loss {:.3f} bits has been at or above chance ({:.2f}) for {} updates{}",
                                   loss, config_.chance_bits, reading.update - *memory_.at_chance_since,
                                   accuracy_text(reading.accuracy)));
  }
  if (is_new(kPrior, stays(memory_.at_prior_since, at_prior, reading.update))) {
    findings.push_back(
        fmt::format("loss {:.3f} bits has stayed within {} of the constant-prior line {:.3f} for {} updates: "
                    "the model does not look at the audio{}",
                    loss, config_.tolerance_bits, config_.constant_prior_bits,
                    reading.update - *memory_.at_prior_since, accuracy_text(reading.accuracy)));
  }
  const bool unearned =
      reading.accuracy >= kUnearnedAccuracy && loss >= config_.constant_prior_bits - config_.tolerance_bits;
  if (is_new(kTies, unearned)) {
    findings.push_back(
        fmt::format("accuracy {:.2f} at a loss of {:.3f} bits: are equal logits counted as hits?",
                    reading.accuracy, loss));
  }
}

void CollapseAlarm::check_gradient(const CollapseReading& reading, std::vector<std::string>& findings) {
  if (std::isnan(reading.gradient_norm)) return;
  if (is_new(kGradient, reading.gradient_norm == 0.0))
    findings.push_back("gradient norm 0: nothing is learned");
}

void CollapseAlarm::check_features(const char* name, const FeatureStatistics& features, Kind first,
                                   std::vector<std::string>& findings) {
  const auto kind = [&](int offset) { return static_cast<Kind>(first + offset); };
  const double dead_limit = config_.dead_share * static_cast<double>(features.channels);
  if (is_new(kind(0), features.channels > 0 && static_cast<double>(features.dead_channels) >= dead_limit)) {
    findings.push_back(
        fmt::format("{}: {} of {} channels are constant", name, features.dead_channels, features.channels));
  }
  if (is_new(kind(1), features.effective_rank < config_.least_effective_rank)) {
    findings.push_back(
        fmt::format("{}: effective rank {:.1f} of {}", name, features.effective_rank, features.channels));
  }
  if (is_new(kind(2), features.standard_deviation < config_.least_standard_deviation)) {
    findings.push_back(fmt::format("{}: mean standard deviation {:.2g}", name, features.standard_deviation));
  }
}

}  // namespace wav2vec
