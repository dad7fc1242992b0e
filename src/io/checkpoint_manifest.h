#pragma once
// manifest.json of a checkpoint folder: what belongs to it, how long, with which checksum.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wav2vec {

inline constexpr std::string_view kManifestFileName = "manifest.json";

struct ManifestEntry {
  std::string name;
  uint64_t bytes = 0;
  uint32_t crc32c = 0;
};

struct CheckpointManifest {
  int64_t update = 0;
  std::vector<ManifestEntry> files;
  std::map<std::string, std::string> facts;
};

/// A file name without folders, and not the manifest's own.
bool is_checkpoint_file_name(std::string_view name);

/// Size and CRC-32C of a file, read in pieces. Throws DataError.
ManifestEntry measure_file(const std::filesystem::path& path);

/// The only text that read_manifest accepts for this manifest: any flipped bit makes it another one.
std::string format_manifest(const CheckpointManifest& manifest);

/// Reads the manifest of a folder. Throws DataError when it is missing, damaged or, where `update` is given,
/// of another step; CheckpointError when a newer version of the program wrote it.
CheckpointManifest read_manifest(const std::filesystem::path& folder, std::optional<int64_t> update);

/// read_manifest, then every file against its size and checksum. Throws DataError naming the file.
CheckpointManifest verify_checkpoint(const std::filesystem::path& folder, std::optional<int64_t> update);

}  // namespace wav2vec
