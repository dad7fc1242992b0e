// wav2vec merge: one archive or file of those that several processes wrote.

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "choices.h"
#include "commands.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"
#include "wav2vec/io/feature_contract.h"
#include "wav2vec/io/feature_merge.h"
#include "wav2vec/io/part_files.h"

namespace wav2vec::app {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMostAlignmentBytes = uint64_t{4} << 30;

// The folder itself, or those of the layers in it.
std::vector<fs::path> feature_folders(const fs::path& folder) {
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

// What align wrote; JSON of one recording is an object, of several an array.
std::string merged_json(const std::vector<fs::path>& parts) {
  using Json = nlohmann::ordered_json;
  Json all = Json::array();
  for (const fs::path& part : parts) {
    Json one = Json::parse(read_file(part, kMostAlignmentBytes), nullptr, false);
    if (one.is_discarded())
      throw DataError(fmt::format("{}: is no JSON; align this part again", printable(part.string())));
    if (!one.is_array()) one = Json::array({std::move(one)});
    for (Json& recording : one) all.push_back(std::move(recording));
  }
  const Json& document = all.size() == 1 ? all.front() : all;
  return document.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string merged_lines(const std::vector<fs::path>& parts) {
  std::string all;
  for (const fs::path& part : parts) all += read_file(part, kMostAlignmentBytes);
  return all;
}

void merge_alignments(const fs::path& whole) {
  const PartFiles parts = find_part_files(whole);
  std::error_code error;
  if (parts.paths.empty() && !fs::exists(whole, error))
    throw DataError(
        fmt::format("{}: not there, and no parts of it; name the --out of align", printable(whole.string())));
  if (parts.paths.empty() || parts.is_merged) {
    fmt::print("{}: no parts; nothing to merge\n", printable(whole.string()));
  } else {
    write_file(whole, whole.extension() == ".json" ? merged_json(parts.paths) : merged_lines(parts.paths));
    fmt::print("{}: {} parts merged\n", printable(whole.string()), parts.paths.size());
  }
  for (const fs::path& part : parts.paths) remove_part_file(part);
}

void merge_features(const fs::path& out) {
  for (const fs::path& folder : feature_folders(out)) {
    const MergedFeatures merged = merge_feature_parts(folder);
    if (merged.parts == 0) {
      fmt::print("{}: no parts; nothing to merge\n", printable(folder.string()));
    } else {
      fmt::print("{}: {} parts merged, {} utterances\n", printable(folder.string()), merged.parts,
                 merged.utterances);
    }
  }
}

ExitCode run(const std::string& out) {
  std::error_code error;
  if (fs::is_directory(out, error)) {
    merge_features(out);
  } else if (const std::string ending = fs::path(out).extension().string();
             ending == ".ctm" || ending == ".json") {
    merge_alignments(out);
  } else {
    throw DataError(fmt::format("{}: no folder; name the --out of extract, or the .ctm or .json of align",
                                printable(out)));
  }
  return ExitCode::ok;
}

}  // namespace

Command add_merge(CLI::App& program) {
  CLI::App* app = program.add_subcommand("merge", "One result of those that several processes wrote");
  auto out = std::make_shared<std::string>();
  app->add_option("out", *out, "the --out of extract (a folder) or of align (.ctm, .json)")
      ->required()
      ->check(not_empty());
  app->footer(
      "Example:\n"
      "  wav2vec extract --model runs/first --format ark --out features/ --shard 1/2 speech/   # here\n"
      "  wav2vec extract --model runs/first --format ark --out features/ --shard 2/2 speech/   # there\n"
      "  wav2vec merge features/\n"
      "  wav2vec merge aligned.ctm\n"
      "For ark and hdf5; the other formats of features have a file per utterance. Every part must be there.");
  return {app, [out] { return run(*out); }};
}

}  // namespace wav2vec::app
