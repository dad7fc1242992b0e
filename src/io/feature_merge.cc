#include "wav2vec/io/feature_merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "io/feature_writers.h"
#include "io/hdf5_file.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"
#include "wav2vec/io/ark.h"
#include "wav2vec/io/feature_contract.h"
#include "wav2vec/io/feature_summary.h"
#include "wav2vec/io/part_files.h"
#include "wav2vec/io/random_access_file.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail_twice(const fs::path& path, const std::string& id) {
  throw DataError(fmt::format("{}: \"{}\" is in another part, too; extract anew with --overwrite",
                              printable(path.string()), printable(id)));
}

void copy_bytes(RandomAccessFile& from, uint64_t first, uint64_t end, AtomicFile& to) {
  std::vector<std::byte> buffer(size_t{1} << 20);
  for (uint64_t at = first; at < end;) {
    const auto count = std::min<uint64_t>(buffer.size(), end - at);
    from.read(at, std::span(buffer).first(count));
    to.write(buffer.data(), count);
    at += count;
  }
}

// Ids that stood in the whole before may come again from a merge that was interrupted: they are the same.
class SeenIds {
 public:
  explicit SeenIds(IdSet standing) : standing_(std::move(standing)) {}
  bool is_new(const fs::path& path, const std::string& id) {
    if (standing_.contains(id)) return false;
    if (!merged_.insert(id).second) fail_twice(path, id);
    return true;
  }
  int64_t size() const { return std::ssize(standing_) + std::ssize(merged_); }

 private:
  IdSet standing_;
  IdSet merged_;
};

// The archive of a part, its utterances in order; each reaches from its key to the next one's.
ArkEntries whole_archive(const fs::path& path) {
  ArkEntries found = read_ark_entries(path);
  if (found.cut_off)
    throw DataError(fmt::format("{}: cut off; run extract for this part again", printable(path.string())));
  return found;
}

int64_t merge_arks(const fs::path& ark_path, const std::vector<fs::path>& parts) {
  const fs::path scp_path = fs::path(ark_path).replace_extension(".scp");
  std::vector<fs::path> sources;
  IdSet standing;
  std::error_code ignored;
  if (fs::exists(ark_path, ignored)) {
    for (const ArkEntry& entry : whole_archive(ark_path).entries) standing.insert(entry.key);
    sources.push_back(ark_path);
  }
  sources.insert(sources.end(), parts.begin(), parts.end());

  AtomicFile ark(ark_path);
  std::vector<std::string> lines;
  SeenIds seen(std::move(standing));
  for (const fs::path& source : sources) {
    const ArkEntries found = whole_archive(source);
    RandomAccessFile file = RandomAccessFile::open(source);
    for (size_t i = 0; i < found.entries.size(); ++i) {
      const ArkEntry& entry = found.entries[i];
      const auto start = [](const ArkEntry& e) { return e.offset - e.key.size() - 1; };
      const uint64_t end = i + 1 < found.entries.size() ? start(found.entries[i + 1]) : found.bytes;
      if (source != ark_path && !seen.is_new(source, entry.key)) continue;
      lines.push_back(
          fmt::format("{} {}:{}\n", entry.key, ark_path.string(), ark.size() + entry.key.size() + 1));
      copy_bytes(file, start(entry), end, ark);
    }
  }
  std::ranges::sort(lines);
  std::string scp;
  for (const std::string& line : lines) scp += line;
  // No index ever names another archive than the one it was made with.
  fs::remove(scp_path, ignored);
  ark.commit();
  write_file(scp_path, scp);
  return seen.size();
}

int64_t merge_hdf5(const fs::path& whole, const FeatureContract& contract,
                   const std::vector<fs::path>& parts) {
  std::error_code ignored;
  const bool exists = fs::exists(whole, ignored);
  // In a child process: libhdf5 may crash on a damaged file.
  for (const fs::path& path : parts) summarize_hdf5(path);
  if (exists) summarize_hdf5(whole);
  SeenIds seen(exists ? hdf5_archive_ids(whole) : IdSet{});
  AtomicFile file(whole);
  if (exists) append_file(whole, fs::file_size(whole), file);
  Hdf5Archive archive(file, contract, exists);
  for (const fs::path& path : parts) {
    std::vector<std::string> ids;
    for (const std::string& id : hdf5_archive_ids(path)) {
      if (seen.is_new(path, id)) ids.push_back(id);
    }
    archive.copy(path, ids);
  }
  archive.close();
  file.commit();
  return seen.size();
}

}  // namespace

MergedFeatures merge_feature_parts(const fs::path& folder) {
  const std::optional<FeatureContract> contract = read_feature_contract(folder);
  if (!contract)
    throw DataError(fmt::format("{}: no {} here; name the folder that extract wrote",
                                printable(folder.string()), kContractFileName));
  const RunLock lock(folder);
  const bool is_hdf5 = contract->file_format == "hdf5";
  const fs::path whole = fs::absolute(folder) / (is_hdf5 ? "features.h5" : "feats.ark");
  const PartFiles parts = find_part_files(whole);
  MergedFeatures merged;
  if (!parts.paths.empty() && !parts.is_merged) {
    merged.parts = std::ssize(parts.paths);
    merged.utterances = is_hdf5 ? merge_hdf5(whole, *contract, parts.paths) : merge_arks(whole, parts.paths);
  }
  for (const fs::path& path : parts.paths) {
    if (!is_hdf5) remove_part_file(fs::path(path).replace_extension(".scp"));
    remove_part_file(path);
  }
  return merged;
}

}  // namespace wav2vec
