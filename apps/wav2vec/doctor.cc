// wav2vec doctor: what is wrong with the audio of a manifest.

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "choices.h"
#include "commands.h"
#include "wav2vec/core/duration.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/data/doctor.h"

namespace wav2vec::app {
namespace {

namespace fs = std::filesystem;

struct Options {
  fs::path manifest;
  fs::path root;
  fs::path output;
  bool json = false;
  DoctorOptions doctor;
};

const Utterance& utterance_of(const Finding& finding, const Manifest& manifest) {
  return manifest.utterances[static_cast<size_t>(finding.utterance)];
}

std::string_view name_of(FindingKind kind) { return kFindingNames[static_cast<size_t>(kind)]; }

void print_table(const DoctorReport& report, const Manifest& manifest) {
  for (const Finding& finding : report.findings)
    fmt::print("{:<15}  {}  {}\n", name_of(finding.kind), printable(utterance_of(finding, manifest).id),
               finding.detail);
  if (!report.findings.empty()) fmt::print("\n");
  fmt::print("{} utterances examined, {} findings; {} utterances, {} remain\n", report.utterances,
             report.findings.size(), report.cleaned.utterances.size(),
             format_audio_length(report.cleaned.known_seconds()));
  for (size_t kind = 0; kind < kFindingKinds; ++kind) {
    if (report.counts[kind] == 0) continue;
    fmt::print("  {:<15} {:>7}{}\n", kFindingNames[kind], report.counts[kind],
               is_fatal(static_cast<FindingKind>(kind)) ? "  left out" : "");
  }
}

void print_json(const DoctorReport& report, const Manifest& manifest) {
  using json = nlohmann::ordered_json;
  json findings = json::array();
  for (const Finding& finding : report.findings) {
    const Utterance& u = utterance_of(finding, manifest);
    findings.push_back({{"kind", name_of(finding.kind)},
                        {"id", u.id},
                        {"audio", u.audio.string()},
                        {"left_out", is_fatal(finding.kind)},
                        {"detail", finding.detail}});
  }
  json counts = json::object();
  for (size_t kind = 0; kind < kFindingKinds; ++kind)
    counts[std::string(kFindingNames[kind])] = report.counts[kind];
  const json out = {{"utterances", report.utterances},
                    {"remaining", report.cleaned.utterances.size()},
                    {"remaining_hours", report.cleaned.hours()},
                    {"counts", counts},
                    {"findings", findings}};
  fmt::print("{}\n", out.dump(2, ' ', false, json::error_handler_t::replace));
}

ExitCode run(const Options& options) {
  const Manifest manifest = read_manifest(options.manifest, options.root);
  const DoctorReport report = examine_manifest(manifest, options.doctor);
  if (options.json) {
    print_json(report, manifest);
  } else {
    print_table(report, manifest);
  }
  if (report.cleaned.utterances.empty())
    throw DataError("doctor: no usable utterance remains; nothing is written");
  if (!options.output.empty())
    write_manifest(options.output, report.cleaned, manifest_format_of(options.output));
  if (report.count(FindingKind::unreadable) > 0) return ExitCode::some_inputs_failed;
  return report.findings.empty() ? ExitCode::ok : ExitCode::problems_found;
}

}  // namespace

Command add_doctor(CLI::App& program) {
  auto options = std::make_shared<Options>();
  options->doctor.jobs = std::max(1U, std::thread::hardware_concurrency());
  CLI::App* app = program.add_subcommand("doctor", "find files that spoil training");
  app->add_option("manifest", options->manifest, "manifest or Kaldi data folder")->required();
  app->add_option("--root", options->root, "folder that relative paths of the manifest start from");
  app->add_option(
         "-o,--output", options->output,
         "write what remains: without unreadable, empty, non-finite, too short, silent and repeated files; "
         "cut-off files keep the length they have")
      ->check(not_empty());
  app->add_flag("--strict", options->doctor.strict, "leave cut-off files out as well");
  app->add_flag("--json", options->json, "JSON on stdout instead of the table");
  app->add_option("--min-samples", options->doctor.min_samples, "shorter ones are too short (at 16 kHz)")
      ->capture_default_str()
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 40));
  app->add_option("-j,--jobs", options->doctor.jobs, "files read at a time")->check(CLI::Range(1, 256));
  app->footer(
      "Exit code: 0 nothing found, 1 problems found, 3 some files cannot be read.\n"
      "Example:\n  wav2vec doctor train.tsv -o train.clean.tsv");
  return {app, [options] { return run(*options); }};
}

}  // namespace wav2vec::app
