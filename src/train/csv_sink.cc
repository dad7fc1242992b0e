// metrics.csv: a table that grows in both directions.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

#include "train/lines.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"
#include "wav2vec/train/metrics.h"

namespace wav2vec {
namespace {

constexpr std::string_view kFirstColumns[] = {"update", "split", "text"};

// pandas, R and spreadsheets read these as numbers; what is not finite stays visible.
std::string number(double value) { return std::isnan(value) ? "NaN" : fmt::format("{}", value); }

/// Name and cell text of everything in a record, in the record's order.
std::vector<std::pair<std::string, std::string>> cells_of(const MetricsRecord& record) {
  std::vector<std::pair<std::string, std::string>> cells{
      {"update", fmt::format("{}", record.update)},
      {"split", csv_cell(record.split)},
      {"text", csv_cell(record.text)},
  };
  for (const auto& [name, value] : record.values) cells.emplace_back(csv_cell(name), number(value));
  for (const auto& [name, values] : record.lists) {
    for (size_t i = 0; i < values.size(); ++i)
      cells.emplace_back(csv_cell(fmt::format("{}_{}", name, i + 1)), number(values[i]));
  }
  return cells;
}

/// Splits at commas outside quotes; the pieces keep their quotes, so that joining them gives the same line.
std::vector<std::string> split_cells(std::string_view line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (char c : line) {
    if (c == '"') quoted = !quoted;
    if (c == ',' && !quoted)
      cells.emplace_back();
    else
      cells.back() += c;
  }
  return cells;
}

bool is_header(std::string_view line) { return line.substr(0, 6) == "update"; }

class CsvSink : public MetricsSink {
 public:
  explicit CsvSink(const std::filesystem::path& path) : file_(open_lines(path)) {
    const std::string text = read_file(path, kLargestMetricsFile);
    const std::string_view first = std::string_view(text).substr(0, text.find('\n'));
    if (is_header(first)) columns_ = split_cells(first);
  }

  void write(const MetricsRecord& record) override {
    const auto cells = cells_of(record);
    add_columns(cells);
    std::string row;
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) row += ',';
      const auto cell =
          std::find_if(cells.begin(), cells.end(), [&](const auto& c) { return c.first == columns_[i]; });
      if (cell != cells.end()) row += cell->second;
    }
    file_.append(row + "\n");
  }

  void resume_at(int64_t update) override {
    keep_lines(file_, [&](std::string_view line) {
      int64_t row_update = 0;
      const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), row_update);
      return is_header(line) || (error == std::errc{} && row_update <= update);
    });
  }

  void flush() override { file_.sync(); }

 private:
  void add_columns(const std::vector<std::pair<std::string, std::string>>& cells) {
    std::vector<std::string> columns = columns_;
    if (columns.empty()) columns.assign(std::begin(kFirstColumns), std::end(kFirstColumns));
    for (const auto& [name, text] : cells) {
      if (std::find(columns.begin(), columns.end(), name) == columns.end()) columns.push_back(name);
    }
    if (columns == columns_) return;
    rewrite(columns);
    columns_ = std::move(columns);
  }

  /// New columns stand at the end: old rows get empty cells there.
  void rewrite(const std::vector<std::string>& columns) {
    const std::string text = read_file(file_.path(), kLargestMetricsFile);
    const std::string padding(columns.size() - columns_.size(), ',');
    std::string wider = fmt::format("{}\n", fmt::join(columns, ","));
    for_each_line(text, [&](std::string_view line) {
      if (!is_header(line)) wider.append(line).append(padding).append("\n");
    });
    write_file(file_.path(), wider);
    file_ = AppendFile(file_.path());
  }

  AppendFile file_;
  std::vector<std::string> columns_;
};

}  // namespace

std::unique_ptr<MetricsSink> open_csv(const std::filesystem::path& path) {
  return std::make_unique<CsvSink>(path);
}

}  // namespace wav2vec
