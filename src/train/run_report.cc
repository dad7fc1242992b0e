#include "wav2vec/train/run_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"
#include "wav2vec/core/page.h"

namespace wav2vec {

extern const std::string_view kRunReportPage;  // run_report.html

namespace {

using Json = nlohmann::ordered_json;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
/// Rows of a split that the page carries; more are thinned to half as many groups.
constexpr size_t kMostRows = 10000;
constexpr double kOnTheLineBits = 0.02;
constexpr double kFallingBits = 0.01;
constexpr double kRisingBits = 0.05;

double value_of(const MetricsRecord& record, std::string_view name) {
  for (const auto& [key, value] : record.values) {
    if (key == name) return value;
  }
  return kNan;
}

// The verdict

struct LossPoint {
  int64_t update = 0;
  double bits = kNan;
};

std::vector<LossPoint> losses_of(const std::vector<MetricsRecord>& records, std::string_view split) {
  std::vector<LossPoint> losses;
  for (const auto& record : records) {
    if (record.split == split) losses.push_back({record.update, value_of(record, "loss_bits")});
  }
  return losses;
}

double last_known(const std::vector<MetricsRecord>& records, std::string_view name) {
  for (auto record = records.rbegin(); record != records.rend(); ++record) {
    if (const double value = value_of(*record, name); std::isfinite(value)) return value;
  }
  return kNan;
}

/// Means of up to 20 equal stretches: single training batches are too noisy to tell a trend.
std::vector<LossPoint> smoothed(const std::vector<LossPoint>& losses) {
  const size_t stretches = std::min<size_t>(losses.size(), 20);
  std::vector<LossPoint> means;
  for (size_t i = 0; i < stretches; ++i) {
    const size_t begin = i * losses.size() / stretches;
    const size_t end = (i + 1) * losses.size() / stretches;
    double sum = 0.0;
    for (size_t j = begin; j < end; ++j) sum += losses[j].bits;
    means.push_back({losses[end - 1].update, sum / static_cast<double>(end - begin)});
  }
  return means;
}

struct Trend {
  bool open = true;  ///< too short to say, or still falling
  std::string text;  ///< "; still falling"
};

Trend trend_of(const std::vector<LossPoint>& losses) {
  if (losses.size() < 3) return {};
  const LossPoint& last = losses.back();
  const auto best = std::min_element(losses.begin(), losses.end(),
                                     [](const auto& a, const auto& b) { return a.bits < b.bits; });
  if (last.bits > best->bits + kRisingBits)
    return {false, fmt::format("; risen since its best, {:.2f} at update {}", best->bits, best->update)};
  const LossPoint& earlier = losses[losses.size() - 1 - std::max<size_t>(1, losses.size() / 5)];
  if (earlier.bits - last.bits > kFallingBits) return {true, "; still falling"};
  return {false, "; no longer falling"};
}

std::string alarms_text(const std::vector<MetricsRecord>& records) {
  const auto count =
      std::count_if(records.begin(), records.end(), [](const auto& r) { return r.split == "alarm"; });
  return count == 0 ? "" : fmt::format("; {} alarm{}", count, count == 1 ? "" : "s");
}

// The data of the page

/// Six digits are more than a pixel shows.
Json number(double value) {
  if (!std::isfinite(value)) return nullptr;
  return std::strtod(fmt::format("{:.6g}", value).c_str(), nullptr);
}

/// Columns of one split: the updates, and for every name as many values (NaN = not measured).
struct Table {
  std::vector<int64_t> updates;
  std::map<std::string, std::vector<double>> columns;
};

Table table_of(const std::vector<MetricsRecord>& records, std::string_view split) {
  Table table;
  const auto put = [&](const std::string& name, double value) {
    auto& column = table.columns[name];
    column.resize(table.updates.size(), kNan);
    column.back() = value;
  };
  for (const auto& record : records) {
    if (record.split != split) continue;
    table.updates.push_back(record.update);
    for (const auto& [name, value] : record.values) put(name, value);
    for (const auto& [name, values] : record.lists) {
      for (size_t i = 0; i < values.size(); ++i) put(fmt::format("{}/{}", name, i + 1), values[i]);
    }
  }
  for (auto& [name, column] : table.columns) column.resize(table.updates.size(), kNan);
  return table;
}

/// The least and the greatest value of a group in the order in which they came.
std::pair<double, double> extremes(const std::vector<double>& column, size_t begin, size_t end) {
  size_t least = begin;
  size_t greatest = begin;
  for (size_t i = begin; i < end; ++i) {
    if (std::isnan(column[least]) || column[i] < column[least]) least = i;
    if (std::isnan(column[greatest]) || column[i] > column[greatest]) greatest = i;
  }
  return {column[std::min(least, greatest)], column[std::max(least, greatest)]};
}

/// Keeps every peak: each group of rows becomes two, which hold the extremes of every column.
Table thinned(const Table& table) {
  const size_t rows = table.updates.size();
  if (rows <= kMostRows) return table;
  Table thin;
  const size_t groups = kMostRows / 2;
  for (size_t g = 0; g < groups; ++g) {
    const size_t begin = g * rows / groups;
    const size_t end = (g + 1) * rows / groups;
    thin.updates.push_back(table.updates[begin]);
    thin.updates.push_back(table.updates[end - 1]);
    for (const auto& [name, column] : table.columns) {
      const auto [first, second] = extremes(column, begin, end);
      thin.columns[name].push_back(first);
      thin.columns[name].push_back(second);
    }
  }
  return thin;
}

Json table_json(const Table& table) {
  Json json{{"update", table.updates}};
  for (const auto& [name, column] : table.columns) {
    Json& list = json[printable(name)] = Json::array();
    for (double value : column) list.push_back(number(value));
  }
  return json;
}

Json page_data(const RunSummary& summary, const std::vector<MetricsRecord>& records) {
  Json data{{"recipe", printable_lines(summary.recipe_text)},
            {"command", printable(summary.command_line)},
            {"clip_norm", number(summary.clip_norm)},
            {"max_updates", summary.max_updates},
            {"chance_bits", number(last_known(records, "chance_bits"))},
            {"constant_prior_bits", number(last_known(records, "constant_prior_bits"))},
            {"facts", Json::array()},
            {"alarms", Json::array()}};
  for (const auto& [name, value] : summary.facts)
    data["facts"].push_back(Json::array({printable(name), printable(value)}));
  for (const auto& record : records) {
    if (record.split == "alarm")
      data["alarms"].push_back({{"update", record.update}, {"text", printable(record.text)}});
  }
  bool is_thinned = false;
  for (const char* split : {"train", "valid"}) {
    const Table table = table_of(records, split);
    is_thinned = is_thinned || table.updates.size() > kMostRows;
    data[split] = table_json(thinned(table));
  }
  data["thinned"] = is_thinned;
  return data;
}

}  // namespace

RunVerdict judge_run(const std::vector<MetricsRecord>& records) {
  using Tone = RunVerdict::Tone;
  std::vector<LossPoint> losses = losses_of(records, "valid");
  const bool validated = !losses.empty();
  if (!validated) losses = losses_of(records, "train");
  const std::string alarms = alarms_text(records);
  if (losses.empty()) return {Tone::unknown, "Nothing measured yet" + alarms};

  const char* name = validated ? "validation loss" : "training loss";
  if (!std::isfinite(losses.back().bits))
    return {Tone::bad, fmt::format("Broken: the last {} is not a finite number{}", name, alarms)};
  std::erase_if(losses, [](const LossPoint& p) { return !std::isfinite(p.bits); });
  if (!validated) losses = smoothed(losses);

  const double bits = losses.back().bits;
  const double chance = last_known(records, "chance_bits");
  const double prior = last_known(records, "constant_prior_bits");
  const Trend trend = trend_of(losses);
  const std::string tail = trend.text + alarms;
  const std::string loss = fmt::format("{} {:.2f} bits", name, bits);
  if (std::isnan(chance) || std::isnan(prior))
    return {Tone::unknown, fmt::format("So far: {}{}", loss, tail)};
  const char* line = std::abs(chance - prior) < kOnTheLineBits ? "chance" : "the constant-prior line";
  if (bits < prior - kOnTheLineBits)
    return {Tone::good, fmt::format("Learning: {}, {:.2f} below {}{}", loss, prior - bits, line, tail)};
  if (trend.open)
    return {Tone::unknown,
            fmt::format("Too early to tell: {}, not yet below {} ({:.2f}){}", loss, line, prior, tail)};
  if (bits >= chance - kOnTheLineBits)
    return {Tone::bad, fmt::format("Not learning: {}, not below chance ({:.2f}){}", loss, chance, tail)};
  return {Tone::bad, fmt::format("Not learning: {}, not below {} ({:.2f}){}", loss, line, prior, tail)};
}

std::string render_run_report(const RunSummary& summary, const std::vector<MetricsRecord>& records) {
  const RunVerdict verdict = judge_run(records);
  const char* const tones[] = {"unknown", "good", "bad"};
  const std::string json = page_data(summary, records).dump(-1, ' ', false, Json::error_handler_t::replace);
  return fill_page(kRunReportPage, {{"TITLE", escape_html(printable(summary.title))},
                                    {"TONE", tones[static_cast<int>(verdict.tone)]},
                                    {"VERDICT", escape_html(verdict.text)},
                                    {"DATA", escape_json_for_html(json)}});
}

void write_run_report(const std::filesystem::path& run_folder, const RunSummary& summary) {
  const auto metrics = run_folder / "metrics.jsonl";
  std::vector<MetricsRecord> records;
  if (std::filesystem::exists(metrics)) records = read_metrics(metrics);
  write_file(run_folder / "report.html", render_run_report(summary, records));
}

}  // namespace wav2vec
