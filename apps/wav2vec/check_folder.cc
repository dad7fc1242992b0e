#include "check_folder.h"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <vector>

#include "default_model.h"
#include "shard.h"
#include "stop_signal.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"
#include "wav2vec/train/progress.h"

namespace wav2vec::app {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMostReportBytes = int64_t{256} << 20;

/// What a pair came to: its line and its code.
struct Outcome {
  std::string line;
  ExitCode code = ExitCode::ok;
};

/// From a report that an earlier call wrote behind both inputs; nullopt where it must be made.
std::optional<Outcome> earlier_outcome(const fs::path& report, const CheckPair& pair,
                                       const VerdictOptions& verdict) {
  std::error_code error;
  const auto written = fs::last_write_time(report, error);
  if (error || written < fs::last_write_time(pair.media, error) ||
      written < fs::last_write_time(pair.subtitle, error) || error)
    return std::nullopt;
  const nlohmann::json told = nlohmann::json::parse(read_file(report, kMostReportBytes), nullptr, false);
  CheckResult result;
  try {
    const std::string state = told.at("verdict").at("state");
    const auto* const at = std::ranges::find(kFileStateNames, state);
    if (at == std::end(kFileStateNames)) return std::nullopt;
    result.state = static_cast<FileState>(at - std::begin(kFileStateNames));
    for (size_t b = 0; b < std::size(kCueBandNames); ++b)
      result.bands[b] = told.at("summary").at(std::string(kCueBandNames[b]));
    result.uncovered.resize(told.at("gaps").size());
    return Outcome{told.at("line"), verdict_of(result, verdict)};
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

Outcome check_pair(HeadModel& model, const CheckPair& pair, const FolderCheck& check) {
  fs::path report_path;
  if (!check.reports.empty()) {
    report_path = fs::path(check.reports) / pair.subtitle.lexically_relative(check.folder);
    report_path += ".json";
    if (const auto earlier = earlier_outcome(report_path, pair, check.verdict)) return *earlier;
  }
  try {
    const ReadSubtitle subtitle = read_for_check(pair.subtitle, check.settings);
    const std::optional<HeardMedia> media = hear(model, pair.media, check.settings);
    if (!media) return {{}, ExitCode::interrupted};
    const std::optional<CheckReport> report = check_against(model, *media, subtitle, check.settings);
    if (!report) return {{}, ExitCode::interrupted};
    if (!report_path.empty()) {
      fs::create_directories(report_path.parent_path());
      fs::path page = report_path;
      page.replace_extension(".html");
      write_file(page, page_of(*report, *media, model, check.settings, page));
      // Last, for it says that the pair is done.
      write_file(report_path, check_json(*report));
    }
    return {check_summary(*report), verdict_of(report->result, check.verdict)};
  } catch (const DataError& error) {
    return {fmt::format("failed: {}", error.what()), ExitCode::some_inputs_failed};
  } catch (const ConfigError& error) {
    return {fmt::format("failed: {}", error.what()), ExitCode::some_inputs_failed};
  }
}

}  // namespace

ExitCode check_folder(const FolderCheck& given) {
  FolderCheck check = given;
  check.settings.show_progress = false;
  const std::vector<CheckPair> all = pairs_in(check.folder);
  const std::vector<CheckPair> pairs = items_of<CheckPair>(all, check.shard);
  catch_stop_signals("stopping; reports that are written stay");
  const int jobs = static_cast<int>(std::clamp<int64_t>(std::ssize(pairs), 1, check.jobs));
  const int threads_each = std::max(1, omp_get_max_threads() / jobs);
  std::vector<std::optional<Outcome>> outcomes(pairs.size());
  size_t printed = 0;
  ExitCode worst = ExitCode::ok;
  std::mutex mutex;
  std::atomic<size_t> next{0};
  std::exception_ptr failure;
  Progress progress("check", "pairs", std::ssize(pairs));
  const auto work = [&] {
    try {
      omp_set_num_threads(threads_each);
      HeadModel model(head_or_default(check.settings.model));
      for (size_t i = next++; i < pairs.size() && !stop_requested(); i = next++) {
        Outcome outcome = check_pair(model, pairs[i], check);
        const std::lock_guard lock(mutex);
        outcomes[i] = std::move(outcome);
        // In their order, whoever is ready first.
        for (; printed < pairs.size() && outcomes[printed]; ++printed) {
          worst = worse(worst, outcomes[printed]->code);
          if (outcomes[printed]->code == ExitCode::interrupted) continue;
          fmt::print("{}: {}\n", printable(pairs[printed].subtitle.string()), outcomes[printed]->line);
          progress.update(static_cast<int64_t>(printed + 1));
        }
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      failure = std::current_exception();
      next = pairs.size();
    }
  };
  std::vector<std::jthread> workers;
  for (int j = 1; j < jobs; ++j) workers.emplace_back(work);
  work();
  workers.clear();
  progress.finish();
  if (failure) std::rethrow_exception(failure);
  return stop_requested() ? ExitCode::interrupted : worst;
}

}  // namespace wav2vec::app
