// wav2vec merge: one archive of those that several processes wrote.

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "choices.h"
#include "commands.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/io/feature_contract.h"
#include "wav2vec/io/feature_merge.h"

namespace wav2vec::app {
namespace {

namespace fs = std::filesystem;

// The folder itself, or those of the layers in it.
std::vector<fs::path> feature_folders(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error))
    throw DataError(fmt::format("{}: no folder; name the --out of extract", printable(folder.string())));
  if (fs::exists(folder / kContractFileName)) return {folder};
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_directory() && fs::exists(entry.path() / kContractFileName)) folders.push_back(entry.path());
  }
  if (folders.empty())
    throw DataError(fmt::format("{}: no {} here or one level below; name the --out of extract",
                                printable(folder.string()), kContractFileName));
  std::ranges::sort(folders);
  return folders;
}

ExitCode run(const std::string& out) {
  for (const fs::path& folder : feature_folders(out)) {
    const MergedFeatures merged = merge_feature_parts(folder);
    if (merged.parts == 0) {
      fmt::print("{}: no parts; nothing to merge\n", printable(folder.string()));
    } else {
      fmt::print("{}: {} parts merged, {} utterances\n", printable(folder.string()), merged.parts,
                 merged.utterances);
    }
  }
  return ExitCode::ok;
}

}  // namespace

Command add_merge(CLI::App& program) {
  CLI::App* app = program.add_subcommand("merge", "One archive of the features that several processes wrote");
  auto out = std::make_shared<std::string>();
  app->add_option("folder", *out, "the --out of extract")->required()->check(not_empty());
  app->footer(
      "Example:\n"
      "  wav2vec extract --model runs/first --format ark --out features/ --shard 1/2 speech/   # here\n"
      "  wav2vec extract --model runs/first --format ark --out features/ --shard 2/2 speech/   # there\n"
      "  wav2vec merge features/\n"
      "For ark and hdf5; the other formats write a file per utterance. Every part must be there.");
  return {app, [out] { return run(*out); }};
}

}  // namespace wav2vec::app
