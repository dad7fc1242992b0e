#include "wav2vec/io/part_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <system_error>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

// "feats.2of4.ark" of "feats.ark".
std::optional<Shard> part_of(const std::string& name, const fs::path& whole) {
  const std::string stem = whole.stem().string() + ".";
  const std::string ending = whole.extension().string();
  if (!name.starts_with(stem) || !name.ends_with(ending) || name.size() <= stem.size() + ending.size())
    return std::nullopt;
  const char* const at = name.data() + stem.size();
  const char* const end = name.data() + name.size() - ending.size();
  Shard shard;
  const auto first = std::from_chars(at, end, shard.number);
  if (first.ec != std::errc() || end - first.ptr < 3 || std::string_view(first.ptr, 2) != "of")
    return std::nullopt;
  const auto second = std::from_chars(first.ptr + 2, end, shard.parts);
  if (second.ec != std::errc() || second.ptr != end || shard.number < 1 || shard.number > shard.parts)
    return std::nullopt;
  return shard;
}

bool is_younger(const fs::path& whole, const std::map<int64_t, fs::path>& parts) {
  std::error_code error;
  const auto written = fs::last_write_time(whole, error);
  return !error && std::ranges::all_of(parts, [&](const auto& part) {
    return fs::last_write_time(part.second, error) <= written && !error;
  });
}

}  // namespace

std::string part_name(const Shard& shard) {
  return shard.parts > 1 ? fmt::format("{}of{}", shard.number, shard.parts) : "";
}

fs::path part_path(const fs::path& whole, const Shard& shard) {
  if (shard.parts == 1) return whole;
  fs::path path = whole;
  path.replace_filename(whole.stem().string() + "." + part_name(shard) + whole.extension().string());
  return path;
}

PartFiles find_part_files(const fs::path& whole) {
  const fs::path folder = whole.has_parent_path() ? whole.parent_path() : fs::path(".");
  std::error_code error;
  std::map<int64_t, fs::path> parts;
  int64_t count = 0;
  for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const auto part = part_of(entry->path().filename().string(), whole);
    if (!part) continue;
    if (count != 0 && count != part->parts)
      throw DataError(
          fmt::format("{}: parts of {} and of {}; remove those that are not wanted, or make all of them anew",
                      printable(folder.string()), count, part->parts));
    count = part->parts;
    parts[part->number] = entry->path();
  }
  if (error)
    throw DataError(fmt::format("{}: cannot be read: {}", printable(folder.string()), error.message()));
  PartFiles found;
  for (const auto& [number, path] : parts) found.paths.push_back(path);
  if (std::ssize(parts) == count) return found;
  found.is_merged = is_younger(whole, parts);
  for (int64_t number = 1; number <= count && !found.is_merged; ++number) {
    if (parts.contains(number)) continue;
    throw DataError(fmt::format("{}: part {} of {} is missing; make it with --shard {}/{}",
                                printable(whole.string()), number, count, number, count));
  }
  return found;
}

void remove_part_file(const fs::path& path) {
  std::error_code error;
  if (!fs::remove(path, error) && error)
    throw DiskError(
        fmt::format("{}: cannot remove: {}; what was merged is complete, remove the part yourself",
                    printable(path.string()), error.message()));
}

}  // namespace wav2vec
