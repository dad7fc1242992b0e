// wav2vec manifest: audio folders, or another manifest, to a manifest.

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "choices.h"
#include "commands.h"
#include "wav2vec/core/duration.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/log.h"
#include "wav2vec/data/manifest_builder.h"
#include "wav2vec/data/split.h"

namespace wav2vec::app {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<fs::path> folders;
  fs::path from;
  fs::path root;
  fs::path output;
  fs::path valid;
  bool jsonl = false;
  double valid_fraction = 0.02;
  uint64_t seed = 1;
  SpeakerRule speakers = SpeakerRule::none;
  int64_t jobs = std::max(1U, std::thread::hardware_concurrency());
};

struct Collected {
  Manifest manifest;
  std::vector<std::string> failures;
  int64_t ignored = 0;
};

ManifestFormat format_of(const Options& options, const fs::path& path) {
  return options.jsonl ? ManifestFormat::jsonl : manifest_format_of(path);
}

Collected collect(const Options& options) {
  FoundFiles found = find_audio_files(options.folders);
  BuiltManifest built = options.from.empty()
                            ? build_manifest(found.audio, options.speakers, {}, options.jobs)
                            : measure_manifest(read_manifest(options.from, options.root), {}, options.jobs);
  for (FailedInput& failure : built.failures) found.failures.push_back(std::move(failure.message));
  for (const fs::path& path : {options.output, options.valid}) {
    if (path.empty()) continue;
    std::ranges::move(leave_out_bad_names(built.manifest, format_of(options, path)),
                      std::back_inserter(found.failures));
  }
  return {std::move(built.manifest), std::move(found.failures), found.ignored};
}

void write(const Options& options, const fs::path& path, const Manifest& manifest) {
  write_manifest(path, manifest, format_of(options, path));
  std::set<std::string> speakers;
  for (const Utterance& u : manifest.utterances) {
    if (!u.speaker.empty()) speakers.insert(u.speaker);
  }
  fmt::print("{}: {} utterances, {}, {} speakers\n", printable(path.string()), manifest.utterances.size(),
             format_audio_length(manifest.known_seconds()),
             speakers.empty() ? "unknown" : std::to_string(speakers.size()));
}

ExitCode run(const Options& options) {
  if (options.from.empty() == options.folders.empty())
    throw ConfigError("manifest: give either folders or --from MANIFEST");
  if (!options.valid.empty() &&
      fs::absolute(options.output).lexically_normal() == fs::absolute(options.valid).lexically_normal())
    throw ConfigError("manifest: -o and --valid name the same file; give them different names");
  if (!(options.valid_fraction >= 0.0001 && options.valid_fraction <= 0.9))
    throw ConfigError(fmt::format("--valid-fraction: {} is not within 0.0001..0.9", options.valid_fraction));
  if (options.speakers != SpeakerRule::none) {
    if (!options.from.empty())
      throw ConfigError("--speaker-from is for folders; with --from the speakers are those of the manifest");
    // Of training and validation at least the split goes by them.
    if (options.valid.empty() && format_of(options, options.output) == ManifestFormat::fairseq_tsv)
      throw ConfigError(
          fmt::format("--speaker-from: {} would be fairseq's TSV, which holds no speakers; name it .jsonl, "
                      "or add --jsonl",
                      printable(options.output.string())));
  }
  if (options.output == "-" || options.valid == "-")
    throw ConfigError("manifest: a manifest does not go to standard output; give it a name");
  const Collected collected = collect(options);
  for (const std::string& failure : collected.failures) log_warning("skipped: " + failure);
  if (collected.manifest.utterances.empty())
    throw DataError(
        fmt::format("manifest: no usable audio found ({} files with other extensions, {} skipped)",
                    collected.ignored, collected.failures.size()));
  if (options.valid.empty()) {
    write(options, options.output, collected.manifest);
  } else {
    const ManifestSplit split = split_manifest(collected.manifest, options.valid_fraction, options.seed);
    if (split.valid.utterances.empty())
      throw DataError("manifest: one file cannot be split into training and validation; leave --valid out");
    write(options, options.output, split.train);
    write(options, options.valid, split.valid);
    fmt::print("split {}\n", split.by_speaker ? "by speaker" : "by file (no two known speakers)");
  }
  if (collected.ignored > 0) fmt::print("ignored: {} files that are not audio by name\n", collected.ignored);
  if (collected.failures.empty()) return ExitCode::ok;
  fmt::print(
      "skipped: {} inputs, listed above on stderr; they are not in the manifest, so doctor will not see "
      "them\n",
      collected.failures.size());
  return ExitCode::some_inputs_failed;
}

}  // namespace

Command add_manifest(CLI::App& program) {
  auto options = std::make_shared<Options>();
  CLI::App* app = program.add_subcommand("manifest", "list audio files with their lengths for training");
  app->add_option("folders", options->folders, "folders (searched through) or audio files");
  app->add_option("-o,--output", options->output,
                  "manifest to write: .jsonl is JSON lines, any other name fairseq's TSV")
      ->required()
      ->check(not_empty());
  app->add_flag("--jsonl", options->jsonl, "JSON lines whatever the name");
  app->add_option("--from", options->from,
                  "convert this manifest or Kaldi data folder; lengths are measured anew");
  app->add_option("--root", options->root, "folder that relative paths of --from start from");
  app->add_option("--valid", options->valid, "hold out a part and write it here")->check(not_empty());
  app->add_option("--valid-fraction", options->valid_fraction, "share of the duration to hold out")
      ->capture_default_str();
  app->add_option("--seed", options->seed, "of the split")
      ->check(CLI::Range(int64_t{0}, INT64_MAX))
      ->capture_default_str();
  add_choice(*app, "--speaker-from", options->speakers, kSpeakerRuleNames,
             "name of the file's folder, or file name up to the first '-'");
  app->add_option("-j,--jobs", options->jobs, "files read at a time")->check(CLI::Range(1, 256));
  app->footer(
      "Example:\n  wav2vec manifest /data/LibriSpeech/train-clean-100 --speaker-from prefix \\\n"
      "    -o train.jsonl --valid valid.jsonl --valid-fraction 0.02\n"
      "Files that cannot be opened are named here and left out; doctor examines only what is in the "
      "manifest.");
  return {app, [options] { return run(*options); }};
}

}  // namespace wav2vec::app
