// metrics.jsonl: writing, resuming, reading back.

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "train/lines.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"
#include "wav2vec/train/metrics.h"

namespace wav2vec {
namespace {

using Json = nlohmann::ordered_json;

Json number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  // Counters read better without ".0"; beyond 2^53 a double is no counter.
  if (std::trunc(value) == value && std::abs(value) < 0x1p53) return static_cast<int64_t>(value);
  return value;
}

std::optional<double> read_number(const Json& json) {
  if (json.is_number()) return json.get<double>();
  if (json == "NaN" || json.is_null()) return std::numeric_limits<double>::quiet_NaN();
  if (json == "Infinity") return std::numeric_limits<double>::infinity();
  if (json == "-Infinity") return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

std::string format_line(const MetricsRecord& record) {
  Json json{{"update", record.update}, {"split", record.split}};
  for (const auto& [name, value] : record.values) json[name] = number(value);
  for (const auto& [name, values] : record.lists) {
    Json& list = json[name] = Json::array();
    for (double value : values) list.push_back(number(value));
  }
  if (!record.text.empty()) json["text"] = record.text;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::optional<MetricsRecord> parse_line(std::string_view line) {
  const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  MetricsRecord record;
  bool has_update = false;
  for (const auto& [name, value] : json.items()) {
    if (name == "update" && value.is_number_integer()) {
      record.update = value.get<int64_t>();
      has_update = true;
    } else if (name == "split" && value.is_string()) {
      record.split = value.get<std::string>();
    } else if (name == "text" && value.is_string()) {
      record.text = value.get<std::string>();
    } else if (value.is_array()) {
      std::vector<double> list;
      for (const Json& item : value)
        list.push_back(read_number(item).value_or(std::numeric_limits<double>::quiet_NaN()));
      record.lists.emplace_back(name, std::move(list));
    } else if (const auto read = read_number(value)) {
      record.values.emplace_back(name, *read);
    }
  }
  if (!has_update) return std::nullopt;
  return record;
}

class JsonlSink : public MetricsSink {
 public:
  explicit JsonlSink(const std::filesystem::path& path) : file_(open_lines(path)) {}

  void write(const MetricsRecord& record) override { file_.append(format_line(record)); }

  void resume_at(int64_t update) override {
    keep_lines(file_, [&](std::string_view line) {
      const auto record = parse_line(line);
      return record && record->update <= update;
    });
  }

  void flush() override { file_.sync(); }

 private:
  AppendFile file_;
};

}  // namespace

std::unique_ptr<MetricsSink> open_jsonl(const std::filesystem::path& path) {
  return std::make_unique<JsonlSink>(path);
}

std::vector<MetricsRecord> read_metrics(const std::filesystem::path& path) {
  std::vector<MetricsRecord> records;
  const std::string text = read_file(path, kLargestMetricsFile);
  for_each_line(text, [&](std::string_view line) {
    if (auto record = parse_line(line)) records.push_back(std::move(*record));
  });
  return records;
}

}  // namespace wav2vec
