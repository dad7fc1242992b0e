#include "wav2vec/benchmark/check_benchmark_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "wav2vec/measure/quantile.h"
#include "wav2vec/measure/ranking.h"

namespace wav2vec {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr Interval kNoFigure{kNone, kNone, kNone};
constexpr BootstrapOptions kBootstrap{.resamples = 1000};
constexpr double kSecondsPerFalseAlarm = 600.0;

const std::string_view kScorerTitles[kTextScorers] = {
    "check",      "CTC's best path",     "letters per second",
    "text alone", "loudness in the cue", "check, shuffled audio"};

// ---- sums over kinds ---------------------------------------------------------------------------------

using Chosen = std::vector<const KindResult*>;

/// Kinds whose names begin so, without those that nobody could put right.
Chosen chosen(const CheckBenchmark& benchmark, std::initializer_list<std::string_view> beginnings) {
  Chosen kinds;
  for (const KindResult& kind : benchmark.kinds) {
    const bool is_one =
        std::ranges::any_of(beginnings, [&](std::string_view name) { return kind.name.starts_with(name); });
    if (is_one && !kind.beyond_search) kinds.push_back(&kind);
  }
  return kinds;
}

std::map<std::string, TimeScore> by_programme(const Chosen& kinds, size_t synchroniser) {
  std::map<std::string, TimeScore> sums;
  for (const KindResult* kind : kinds) {
    for (const auto& [programme, score] : kind->times[synchroniser]) sums[programme] += score;
  }
  return sums;
}

template <class Count>
Interval share(const std::map<std::string, TimeScore>& scores, Count&& count) {
  std::vector<GroupCounts> groups;
  for (const auto& [programme, score] : scores) {
    const auto [part, all] = count(score);
    groups.push_back({static_cast<double>(part), static_cast<double>(all)});
  }
  return groups.empty() ? kNoFigure : bootstrap_rate(groups, kBootstrap);
}

auto moved_of(const TimeScore& score) { return std::pair(score.moved, score.cues); }
auto within_of(size_t k) {
  return [k](const TimeScore& score) { return std::pair(score.within[k], score.timed_cues); };
}

Interval quantile_of(const std::map<std::string, TimeScore>& scores, std::vector<double> TimeScore::*values,
                     double at) {
  std::vector<double> all;
  for (const auto& [programme, score] : scores)
    all.insert(all.end(), (score.*values).begin(), (score.*values).end());
  if (all.empty()) return kNoFigure;
  std::ranges::sort(all);
  return {quantile(all, at), kNone, kNone};
}

// ---- texts -------------------------------------------------------------------------------------------

std::vector<ScoredItem> items_of(const Chosen& kinds, size_t scorer) {
  std::vector<ScoredItem> items;
  for (const KindResult* kind : kinds) {
    for (const JudgedText& text : kind->texts)
      items.push_back({text.scores[scorer], text.truth == TextTruth::spoken, text.programme});
  }
  return items;
}

double seconds_of(const Chosen& kinds) {
  double seconds = 0.0;
  for (const KindResult* kind : kinds) seconds += kind->audio_seconds;
  return seconds;
}

double recall(const Chosen& kinds) {
  return recall_at_false_alarms(items_of(kinds, static_cast<size_t>(TextScorer::check)),
                                static_cast<int64_t>(seconds_of(kinds) / kSecondsPerFalseAlarm));
}

/// Of the texts that `is_meant`, the share that are called wrong.
template <class IsMeant>
double called_wrong(const KindResult& kind, IsMeant&& is_meant) {
  int64_t meant = 0;
  int64_t wrong = 0;
  for (const JudgedText& text : kind.texts) {
    if (!is_meant(text)) continue;
    ++meant;
    wrong += text.band == CueBand::wrong ? 1 : 0;
  }
  return meant > 0 ? static_cast<double>(wrong) / static_cast<double>(meant) : kNone;
}

bool is_wrong(const JudgedText& text) { return text.truth != TextTruth::spoken; }

/// Where texts were changed that are still right, of those; else of all that are.
double right_called_wrong(const KindResult& kind) {
  const bool some_touched =
      std::ranges::any_of(kind.texts, [](const JudgedText& text) { return text.touched && !is_wrong(text); });
  return called_wrong(
      kind, [&](const JudgedText& text) { return !is_wrong(text) && (text.touched || !some_touched); });
}

Interval area(const KindResult& kind, size_t scorer) {
  return bootstrap_area_under_curve(items_of({&kind}, scorer), kBootstrap);
}

// ---- writing -----------------------------------------------------------------------------------------

std::string number(double value, FigureUnit unit) {
  if (!std::isfinite(value)) return "–";
  switch (unit) {
    case FigureUnit::share:
      return fmt::format("{:.1f} %", 100.0 * value);
    case FigureUnit::seconds:
      return fmt::format("{:.0f} ms", 1e3 * value);
    case FigureUnit::ppm:
      return fmt::format("{:.0f} ppm", 1e6 * value);
    case FigureUnit::plain:
      break;
  }
  return fmt::format("{:.3f}", value);
}

std::string shown(const Interval& interval, FigureUnit unit) {
  std::string text = number(interval.value, unit);
  if (std::isfinite(interval.low) && std::isfinite(interval.value)) {
    const double scale = unit == FigureUnit::share ? 100.0 : 1.0;
    const int digits = unit == FigureUnit::share ? 1 : 3;
    text += fmt::format(" ({:.{}f}–{:.{}f})", scale * interval.low, digits, scale * interval.high, digits);
  }
  return text;
}

Json json_of(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Json json_of(const Interval& interval) {
  if (!std::isfinite(interval.value)) return {};
  Json out{{"value", interval.value}};
  if (std::isfinite(interval.low)) out["interval"] = {interval.low, interval.high};
  return out;
}

std::string headline_table(const CheckBenchmark& benchmark) {
  std::string out = "| | check | correlation | split |\n|---|---|---|---|\n";
  for (const Figure& figure : headline_figures(benchmark)) {
    out += fmt::format("| {} |", figure.name);
    for (const Interval& value : figure.of) out += fmt::format(" {} |", shown(value, figure.unit));
    out += "\n";
  }
  return out;
}

std::string kinds_table(const CheckBenchmark& benchmark) {
  std::string out =
      "| subtitle | expected | files | so judged | unsure | moved > 100 ms: check | correlation | split | "
      "≤ 100 ms after it: check | correlation | split |\n|---|---|---|---|---|---|---|---|---|---|---|\n";
  for (const KindResult& kind : benchmark.kinds) {
    out += fmt::format("| {} | {} | {} | {} | {} |", kind.name,
                       kFileStateNames[static_cast<size_t>(kind.expected)], kind.files, kind.right_states,
                       kind.unsure);
    for (const auto& scores : kind.times)
      out += fmt::format(" {} |", number(share(scores, moved_of).value, FigureUnit::share));
    for (const auto& scores : kind.times)
      out += fmt::format(" {} |", number(share(scores, within_of(1)).value, FigureUnit::share));
    out += "\n";
  }
  return out;
}

std::string texts_table(const CheckBenchmark& benchmark) {
  std::string out = "| subtitle | texts | wrong | right called wrong | wrong called wrong |";
  for (const std::string_view title : kScorerTitles) out += fmt::format(" AUC: {} |", title);
  out += "\n|---|---|---|---|---|---|---|---|---|---|---|\n";
  for (const KindResult& kind : benchmark.kinds) {
    if (kind.texts.empty()) continue;
    out += fmt::format("| {} | {} | {} | {} | {} |", kind.name, kind.texts.size(),
                       std::ranges::count_if(kind.texts, is_wrong),
                       number(right_called_wrong(kind), FigureUnit::share),
                       number(called_wrong(kind, is_wrong), FigureUnit::share));
    for (size_t s = 0; s < kTextScorers; ++s)
      out += fmt::format(" {} |", kind.has_nulls ? shown(area(kind, s), FigureUnit::plain) : "–");
    out += "\n";
  }
  return out;
}

}  // namespace

std::vector<Figure> headline_figures(const CheckBenchmark& benchmark) {
  std::vector<Figure> figures;
  const auto add = [&](std::string name, FigureUnit unit, const Chosen& kinds, auto&& value) {
    if (kinds.empty()) return;
    Figure figure{.name = std::move(name), .unit = unit, .of = {}};
    for (size_t s = 0; s < kSynchronisers; ++s) figure.of[s] = value(by_programme(kinds, s));
    figures.push_back(std::move(figure));
  };
  const auto add_share = [&](std::string name, const Chosen& kinds, auto&& count) {
    add(std::move(name), FigureUnit::share, kinds,
        [&](const std::map<std::string, TimeScore>& scores) { return share(scores, count); });
  };
  const auto add_quantile = [&](std::string name, FigureUnit unit, const Chosen& kinds,
                                std::vector<double> TimeScore::*values, double at) {
    add(std::move(name), unit, kinds,
        [&](const std::map<std::string, TimeScore>& scores) { return quantile_of(scores, values, at); });
  };
  const auto add_check = [&](std::string name, FigureUnit unit, const Interval& value) {
    figures.push_back({.name = std::move(name), .unit = unit, .of = {value, kNoFigure, kNoFigure}});
  };

  add_share("C0 exact: cues moved > 100 ms", chosen(benchmark, {"C0 right, exact"}), moved_of);
  add_share("C0 loose: cues moved > 100 ms", chosen(benchmark, {"C0 right, loose"}), moved_of);
  const Chosen shifts = chosen(benchmark, {"C1 "});
  add_quantile("C1 shift: error, median", FigureUnit::seconds, shifts, &TimeScore::shift_errors_seconds, 0.5);
  add_quantile("C1 shift: error, p95", FigureUnit::seconds, shifts, &TimeScore::shift_errors_seconds, 0.95);
  const Chosen rates = chosen(benchmark, {"C2 rate", "C3 "});
  add_quantile("C2, C3 rate: error of the slope, median", FigureUnit::ppm, rates, &TimeScore::slope_errors,
               0.5);
  add_quantile("C2, C3 rate: error of the slope, largest", FigureUnit::ppm, rates, &TimeScore::slope_errors,
               1.0);
  add_share("C2, C3 rate: named rightly", rates,
            [](const TimeScore& score) { return std::pair(score.right_ratios, score.ratios); });
  add_quantile("C2 clock: error of the slope, largest", FigureUnit::ppm, chosen(benchmark, {"C2 clock"}),
               &TimeScore::slope_errors, 1.0);
  const Chosen cuts = chosen(benchmark, {"C4 ", "C5 "});
  add_share("C4, C5 cuts: found within 1 s", cuts,
            [](const TimeScore& score) { return std::pair(score.right_cuts, score.true_cuts); });
  add_share("C4, C5 cuts: of those found, right within 1 s", cuts,
            [](const TimeScore& score) { return std::pair(score.right_cuts, score.found_cuts); });
  add_share("C4, C5 cuts: lines ≤ 100 ms after it", cuts, within_of(1));
  const Chosen all_wrong = chosen(benchmark, {"C1 ", "C2 ", "C3 ", "C4 ", "C5 ", "C6 "});
  for (size_t k = 0; k < std::size(kWithinSeconds); ++k) {
    add_share(fmt::format("C1 to C6: lines ≤ {:.0f} ms after it", 1e3 * kWithinSeconds[k]), all_wrong,
              within_of(k));
  }
  Chosen beyond;
  for (const KindResult& kind : benchmark.kinds) {
    if (kind.beyond_search) beyond.push_back(&kind);
  }
  add_share("beyond --max-offset: cues moved > 100 ms", beyond, moved_of);
  const Chosen exchanged = chosen(benchmark, {"C9 "});
  if (!exchanged.empty()) {
    const std::vector<ScoredItem> items = items_of(exchanged, static_cast<size_t>(TextScorer::check));
    add_check("C9 wrong texts ≥ 2 s: AUC", FigureUnit::plain, bootstrap_area_under_curve(items, kBootstrap));
    add_check("C9 wrong texts ≥ 2 s: found at one false alarm in 10 min", FigureUnit::share,
              {recall(exchanged), kNone, kNone});
    add_check("C9: calibration error of P(match)", FigureUnit::plain,
              {items.empty() ? kNone : calibration_error(items), kNone, kNone});
  }
  const auto recognised = [&](std::string name, const Chosen& kinds) {
    double right = 0.0;
    double files = 0.0;
    for (const KindResult* kind : kinds) {
      right += static_cast<double>(kind->right_states);
      files += static_cast<double>(kind->files);
    }
    if (files > 0.0) add_check(std::move(name), FigureUnit::share, {right / files, kNone, kNone});
  };
  recognised("C10 another programme's file recognised", chosen(benchmark, {"C10 "}));
  Chosen foreign = chosen(benchmark, {"C11 "});
  std::erase_if(foreign, [](const KindResult* kind) { return kind->expected == FileState::ok; });
  recognised("C11 another language's file recognised", foreign);
  recognised("All kinds within --max-offset: files judged as expected", chosen(benchmark, {"C"}));
  return figures;
}

std::string check_benchmark_markdown(const CheckBenchmark& benchmark) {
  return fmt::format(
      "{} programmes, {:.1f} min; 95 % intervals over programmes. Beside check: one offset by correlation "
      "with "
      "loudness, and offsets that may split by overlap with it.\n\n{}\n{}\n{}",
      benchmark.programmes, benchmark.audio_seconds / 60.0, headline_table(benchmark), kinds_table(benchmark),
      texts_table(benchmark));
}

std::string check_benchmark_json(const CheckBenchmark& benchmark) {
  Json out{{"programmes", benchmark.programmes}, {"audio_seconds", benchmark.audio_seconds}};
  out["figures"] = Json::array();
  for (const Figure& figure : headline_figures(benchmark)) {
    Json one{{"name", figure.name}, {"unit", kFigureUnitNames[static_cast<size_t>(figure.unit)]}};
    for (size_t s = 0; s < kSynchronisers; ++s) {
      Json value = json_of(figure.of[s]);
      if (!value.is_null()) one[std::string(kSynchroniserNames[s])] = std::move(value);
    }
    out["figures"].push_back(std::move(one));
  }
  out["kinds"] = Json::array();
  for (const KindResult& kind : benchmark.kinds) {
    Json one{{"kind", kind.kind},
             {"name", kind.name},
             {"expected", kFileStateNames[static_cast<size_t>(kind.expected)]},
             {"beyond_search", kind.beyond_search},
             {"files", kind.files},
             {"right_states", kind.right_states},
             {"unsure", kind.unsure}};
    for (size_t s = 0; s < kSynchronisers; ++s) {
      Json& times = one["times"][std::string(kSynchroniserNames[s])];
      times["moved_share"] = json_of(share(kind.times[s], moved_of));
      for (size_t k = 0; k < std::size(kWithinSeconds); ++k)
        times[fmt::format("within_{:.0f}_ms", 1e3 * kWithinSeconds[k])] =
            json_of(share(kind.times[s], within_of(k)));
      times["shift_error_seconds_median"] =
          json_of(quantile_of(kind.times[s], &TimeScore::shift_errors_seconds, 0.5));
      times["slope_error_median"] = json_of(quantile_of(kind.times[s], &TimeScore::slope_errors, 0.5));
      times["cuts_recall"] = json_of(share(kind.times[s], [](const TimeScore& score) {
        return std::pair(score.right_cuts, score.true_cuts);
      }));
      times["cuts_precision"] = json_of(share(kind.times[s], [](const TimeScore& score) {
        return std::pair(score.right_cuts, score.found_cuts);
      }));
    }
    if (!kind.texts.empty()) {
      Json& texts = one["texts"];
      texts["count"] = kind.texts.size();
      texts["wrong"] = std::ranges::count_if(kind.texts, is_wrong);
      texts["right_called_wrong"] = json_of(right_called_wrong(kind));
      texts["wrong_called_wrong"] = json_of(called_wrong(kind, is_wrong));
      texts["recall_at_one_false_alarm_in_10_min"] = kind.has_nulls ? json_of(recall({&kind})) : Json();
      for (size_t s = 0; s < kTextScorers && kind.has_nulls; ++s)
        texts["auc"][std::string(kTextScorerNames[s])] = json_of(area(kind, s));
    }
    out["kinds"].push_back(std::move(one));
  }
  return out.dump(1) + "\n";
}

}  // namespace wav2vec
