#include "train/micro_batch.h"

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace wav2vec {
namespace {

// Ranks are of one kind of CPU: numbers travel as they lie in memory.
constexpr size_t kScalars = 5;

size_t packed_size(const ObjectiveConfig& objective) {
  return kScalars + 2 * static_cast<size_t>(objective.prediction_steps);
}

void pack(const MicroBatch& micro_batch, size_t size, std::vector<double>& values) {
  const ObjectiveSums& sums = micro_batch.sums;
  const size_t first = values.size();
  values.insert(values.end(),
                {sums.loss_nats, static_cast<double>(sums.positives), static_cast<double>(sums.labels),
                 micro_batch.audio_seconds, static_cast<double>(micro_batch.items)});
  for (int64_t n : sums.positives_per_step) values.push_back(static_cast<double>(n));
  for (int64_t n : sums.hits_per_step) values.push_back(static_cast<double>(n));
  values.resize(first + size, 0.0);  // an empty one has no steps
}

MicroBatch unpack(std::span<const double> values) {
  const std::span<const double> steps = values.subspan(kScalars);
  const auto whole = [](std::span<const double> counts) {
    return std::vector<int64_t>(counts.begin(), counts.end());
  };
  return {.sums = {.loss_nats = values[0],
                   .positives = static_cast<int64_t>(values[1]),
                   .labels = static_cast<int64_t>(values[2]),
                   .positives_per_step = whole(steps.first(steps.size() / 2)),
                   .hits_per_step = whole(steps.subspan(steps.size() / 2))},
          .audio_seconds = values[3],
          .items = static_cast<int64_t>(values[4])};
}

}  // namespace

UpdateReport report_of_ranks(Communicator& communicator, const ObjectiveConfig& objective,
                             std::span<const MicroBatch> mine, bool stop, const Wait& wait) {
  const size_t size = packed_size(objective);
  std::vector<double> values{stop ? 1.0 : 0.0};
  for (const MicroBatch& micro_batch : mine) pack(micro_batch, size, values);
  const std::string_view bytes(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(double));
  UpdateReport report;
  for (const std::string& text : gather_texts(communicator, bytes, wait)) {
    values.resize(text.size() / sizeof(double));
    std::memcpy(values.data(), text.data(), text.size());
    report.stop = report.stop || values[0] > 0.0;
    for (size_t first = 1; first < values.size(); first += size) {
      const MicroBatch one = unpack(std::span(values).subspan(first, size));
      report.total.sums += one.sums;
      report.total.audio_seconds += one.audio_seconds;
      report.total.items += one.items;
    }
  }
  return report;
}

}  // namespace wav2vec
