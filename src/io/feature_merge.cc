#include "wav2vec/io/feature_merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
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
#include "wav2vec/io/random_access_file.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

struct Split {
  int64_t count = 0;
  std::map<int64_t, fs::path> parts;  // by number, from 1
};

// "feats.2of4.ark": 2 and 4.
std::optional<std::pair<int64_t, int64_t>> part_of(const std::string& name, std::string_view stem,
                                                   std::string_view ending) {
  if (!name.starts_with(stem) || !name.ends_with(ending) || name.size() <= stem.size() + ending.size())
    return std::nullopt;
  const char* at = name.data() + stem.size();
  const char* const end = name.data() + name.size() - ending.size();
  int64_t index = 0;
  int64_t count = 0;
  const auto first = std::from_chars(at, end, index);
  if (first.ec != std::errc() || end - first.ptr < 3 || std::string_view(first.ptr, 2) != "of")
    return std::nullopt;
  const auto second = std::from_chars(first.ptr + 2, end, count);
  if (second.ec != std::errc() || second.ptr != end || index < 1 || index > count) return std::nullopt;
  return std::pair(index, count);
}

// All of one split, or none at all.
Split find_parts(const fs::path& folder, std::string_view stem, std::string_view ending) {
  Split split;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const auto part = part_of(entry.path().filename().string(), stem, ending);
    if (!part) continue;
    if (split.count != 0 && split.count != part->second)
      throw DataError(
          fmt::format("{}: parts of {} and of {}; remove those that are not wanted, or extract anew",
                      printable(folder.string()), split.count, part->second));
    split.count = part->second;
    split.parts[part->first] = entry.path();
  }
  for (int64_t index = 1; index <= split.count; ++index) {
    if (split.parts.contains(index)) continue;
    throw DataError(fmt::format("{}: part {} of {} is missing; run extract with --shard {}/{}",
                                printable(folder.string()), index, split.count, index, split.count));
  }
  return split;
}

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

void remove_part(const fs::path& path) {
  std::error_code error;
  if (!fs::remove(path, error) && error)
    throw DiskError(
        fmt::format("{}: cannot remove: {}; the whole archive is complete, remove the part yourself",
                    printable(path.string()), error.message()));
}

// The archive of a part, its utterances in order; each reaches from its key to the next one's.
ArkEntries whole_archive(const fs::path& path) {
  ArkEntries found = read_ark_entries(path);
  if (found.cut_off)
    throw DataError(fmt::format("{}: cut off; run extract for this part again", printable(path.string())));
  return found;
}

int64_t merge_arks(const fs::path& folder, const Split& split) {
  const fs::path ark_path = fs::absolute(folder) / "feats.ark";
  const fs::path scp_path = fs::path(ark_path).replace_extension(".scp");
  std::vector<fs::path> sources;
  IdSet standing;
  std::error_code ignored;
  if (fs::exists(ark_path, ignored)) {
    for (const ArkEntry& entry : whole_archive(ark_path).entries) standing.insert(entry.key);
    sources.push_back(ark_path);
  }
  for (const auto& [index, path] : split.parts) sources.push_back(path);

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
  for (const auto& [index, path] : split.parts) {
    remove_part(fs::path(path).replace_extension(".scp"));
    remove_part(path);
  }
  return seen.size();
}

int64_t merge_hdf5(const fs::path& folder, const FeatureContract& contract, const Split& split) {
  const fs::path whole = folder / "features.h5";
  std::error_code ignored;
  const bool exists = fs::exists(whole, ignored);
  // In a child process: libhdf5 may crash on a damaged file.
  for (const auto& [index, path] : split.parts) summarize_hdf5(path);
  if (exists) summarize_hdf5(whole);
  SeenIds seen(exists ? hdf5_archive_ids(whole) : IdSet{});
  AtomicFile file(whole);
  if (exists) append_file(whole, fs::file_size(whole), file);
  Hdf5Archive archive(file, contract, exists);
  for (const auto& [index, path] : split.parts) {
    std::vector<std::string> ids;
    for (const std::string& id : hdf5_archive_ids(path)) {
      if (seen.is_new(path, id)) ids.push_back(id);
    }
    archive.copy(path, ids);
  }
  archive.close();
  file.commit();
  for (const auto& [index, path] : split.parts) remove_part(path);
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
  const Split split = is_hdf5 ? find_parts(folder, "features.", ".h5") : find_parts(folder, "feats.", ".ark");
  if (split.count == 0) return {};
  const int64_t utterances = is_hdf5 ? merge_hdf5(folder, *contract, split) : merge_arks(folder, split);
  return {split.count, utterances};
}

}  // namespace wav2vec
