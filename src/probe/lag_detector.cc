#include "wav2vec/probe/lag_detector.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>

#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

constexpr int64_t kFolds = 10;
constexpr int64_t kMinUtterances = 4;
constexpr int64_t kMinFrames = 200;
constexpr int64_t kNear = 1;  // a frame more or less is what aligners differ by
constexpr int64_t kAway = 3;

/// Sums of the features under each class, at one lag.
struct ClassSums {
  std::vector<double> sum;      // [classes, channels]
  std::vector<double> squares;  // [channels]
  std::vector<double> count;    // [classes]

  ClassSums(int64_t classes, int64_t channels)
      : sum(static_cast<size_t>(classes * channels)),
        squares(static_cast<size_t>(channels)),
        count(static_cast<size_t>(classes)) {}

  void add(int32_t label, const float* row, const std::vector<double>& center) {
    const size_t channels = squares.size();
    double* const class_sum = sum.data() + static_cast<size_t>(label) * channels;
    for (size_t d = 0; d < channels; ++d) {
      const double x = static_cast<double>(row[d]) - center[d];
      class_sum[d] += x;
      squares[d] += x * x;
    }
    count[static_cast<size_t>(label)] += 1.0;
  }

  void accumulate(const ClassSums& other, double sign) {
    const auto add_all = [sign](std::vector<double>& to, const std::vector<double>& from) {
      for (size_t i = 0; i < to.size(); ++i) to[i] += sign * from[i];
    };
    add_all(sum, other.sum);
    add_all(squares, other.squares);
    add_all(count, other.count);
  }

  /// η², averaged over the dimensions that vary.
  double explained() const {
    const size_t channels = squares.size();
    double frames = 0.0;
    for (const double n : count) frames += n;
    double shares = 0.0;
    double varying = 0.0;
    for (size_t d = 0; d < channels; ++d) {
      double total = 0.0;
      double between = 0.0;
      for (size_t k = 0; k < count.size(); ++k) {
        if (count[k] < 0.5) continue;
        const double class_sum = sum[k * channels + d];
        total += class_sum;
        between += class_sum * class_sum / count[k];
      }
      const double offset = total * total / frames;
      const double scatter = squares[d] - offset;
      if (scatter <= 1e-9 * squares[d]) continue;
      shares += (between - offset) / scatter;
      varying += 1.0;
    }
    return varying > 0.0 ? shares / varying : 0.0;
  }
};

/// Class sums of every fold of utterances at every lag.
class LagSums {
 public:
  LagSums(std::span<const LabelledFeatures* const> utterances, int64_t max_lag)
      : max_lag_(max_lag), channels_(utterances.front()->features.channels) {
    number_classes(utterances);
    folds_ = std::min<int64_t>(kFolds, static_cast<int64_t>(utterances.size()));
    sums_.assign(static_cast<size_t>(folds_ * lags()), ClassSums(classes(), channels_));
    for (size_t i = 0; i < utterances.size(); ++i) read(*utterances[i], static_cast<int64_t>(i) % folds_);
  }

  int64_t frames() const { return frames_; }
  int64_t classes() const { return static_cast<int64_t>(dense_.size()); }
  int64_t folds() const { return folds_; }
  int64_t lags() const { return 2 * max_lag_ + 1; }

  /// [lags]: of all utterances but those of one fold; of all for −1.
  std::vector<double> curve_without(int64_t fold) const {
    std::vector<double> curve;
    for (int64_t lag = 0; lag < lags(); ++lag) {
      ClassSums sums(classes(), channels_);
      for (int64_t f = 0; f < folds_; ++f) {
        if (f != fold) sums.accumulate(at(f, lag), 1.0);
      }
      curve.push_back(sums.explained());
    }
    return curve;
  }

 private:
  const ClassSums& at(int64_t fold, int64_t lag) const {
    return sums_[static_cast<size_t>(fold * lags() + lag)];
  }

  /// Frames whose neighbours at all lags exist.
  template <class Use>
  void for_each_label(const LabelledFeatures& u, Use&& use) const {
    for (int64_t t = max_lag_; t < u.features.frames - max_lag_; ++t) {
      const int32_t label = u.labels[static_cast<size_t>(t)];
      if (label >= 0) use(t, label);
    }
  }

  void number_classes(std::span<const LabelledFeatures* const> utterances) {
    for (const LabelledFeatures* u : utterances)
      for_each_label(*u, [&](int64_t, int32_t label) {
        dense_.try_emplace(label, static_cast<int32_t>(dense_.size()));
      });
  }

  void read(const LabelledFeatures& u, int64_t fold) {
    if (u.features.frames == 0) return;
    rows_.resize(static_cast<size_t>(u.features.frames * channels_));
    u.features.read(0, u.features.frames, rows_.data());
    // Sums of squares lose digits far from 0, so the first row is taken for the middle.
    if (center_.empty()) center_.assign(rows_.begin(), rows_.begin() + channels_);
    for_each_label(u, [&](int64_t t, int32_t label) {
      ++frames_;
      for (int64_t lag = 0; lag < lags(); ++lag)
        sums_[static_cast<size_t>(fold * lags() + lag)].add(
            dense_.at(label), rows_.data() + (t + lag - max_lag_) * channels_, center_);
    });
  }

  int64_t max_lag_;
  int64_t channels_;
  int64_t folds_ = 0;
  int64_t frames_ = 0;
  std::map<int32_t, int32_t> dense_;  // classes that occur → 0, 1, …
  std::vector<ClassSums> sums_;       // [folds, lags]
  std::vector<double> center_;
  std::vector<float> rows_;
};

std::vector<const LabelledFeatures*> spread_sample(std::span<const LabelledFeatures> utterances,
                                                   int64_t most) {
  const auto all = static_cast<int64_t>(utterances.size());
  const int64_t count = std::min(all, most);
  std::vector<const LabelledFeatures*> sample;
  for (int64_t i = 0; i < count; ++i) sample.push_back(&utterances[static_cast<size_t>(i * all / count)]);
  return sample;
}

/// Whether a lag explains more than others beyond the jackknife's doubt.
class Jackknife {
 public:
  explicit Jackknife(const LagSums& sums) : whole_(sums.curve_without(-1)) {
    for (int64_t fold = 0; fold < sums.folds(); ++fold) without_.push_back(sums.curve_without(fold));
  }

  const std::vector<double>& curve() const { return whole_; }

  bool surpasses(size_t better, size_t worse, double standard_errors) const {
    const auto folds = static_cast<double>(without_.size());
    const auto advantage = [=](const std::vector<double>& curve) { return curve[better] - curve[worse]; };
    double mean = 0.0;
    for (const auto& curve : without_) mean += advantage(curve) / folds;
    double variance = 0.0;
    for (const auto& curve : without_)
      variance += (advantage(curve) - mean) * (advantage(curve) - mean) * (folds - 1.0) / folds;
    return advantage(whole_) > standard_errors * std::sqrt(variance) && advantage(whole_) > 0.0;
  }

 private:
  std::vector<double> whole_;
  std::vector<std::vector<double>> without_;  // [folds][lags]
};

LagVerdict verdict_of(const Jackknife& jackknife, int64_t best_lag, const LagOptions& options) {
  const bool near = std::abs(best_lag) <= kNear;
  for (int64_t lag = -options.max_lag; lag <= options.max_lag; ++lag) {
    const bool rival = near ? std::abs(lag - best_lag) >= kAway : std::abs(lag) <= kNear;
    if (rival &&
        !jackknife.surpasses(static_cast<size_t>(best_lag + options.max_lag),
                             static_cast<size_t>(lag + options.max_lag), options.clear_standard_errors))
      return LagVerdict::cannot_tell;
  }
  return near ? LagVerdict::aligned : LagVerdict::shifted;
}

}  // namespace

LagReport detect_lag(std::span<const LabelledFeatures> utterances, const LagOptions& options) {
  W2V_CHECK(options.max_lag >= kNear + kAway && options.max_utterances > 0, "lag options");
  for (const LabelledFeatures& u : utterances)
    W2V_CHECK(static_cast<int64_t>(u.labels.size()) == u.features.frames &&
                  u.features.channels == utterances.front().features.channels,
              "a label for every frame, equal channels");
  LagReport report;
  const std::vector<const LabelledFeatures*> sample = spread_sample(utterances, options.max_utterances);
  if (static_cast<int64_t>(sample.size()) < kMinUtterances) return report;
  const LagSums sums(sample, options.max_lag);
  report.frames = sums.frames();
  if (sums.frames() < kMinFrames || sums.classes() < 2) return report;

  const Jackknife jackknife(sums);
  const std::vector<double>& curve = jackknife.curve();
  for (size_t i = 0; i < curve.size(); ++i)
    report.curve.push_back({static_cast<int64_t>(i) - options.max_lag, curve[i]});
  report.best_lag = std::max_element(curve.begin(), curve.end()) - curve.begin() - options.max_lag;
  report.verdict = verdict_of(jackknife, report.best_lag, options);
  return report;
}

std::string describe(const LagReport& report) {
  if (report.verdict == LagVerdict::cannot_tell)
    return report.curve.empty() ? "cannot tell (too few labelled frames)"
                                : fmt::format("cannot tell (best lag {}, not clearly)", report.best_lag);
  if (report.verdict == LagVerdict::aligned) return fmt::format("aligned (best lag {})", report.best_lag);
  const bool at_the_edge = std::abs(report.best_lag) == report.curve.back().lag;
  return fmt::format("shifted by {:+} frames{} (features after labels)", report.best_lag,
                     at_the_edge ? " or more" : "");
}

}  // namespace wav2vec
