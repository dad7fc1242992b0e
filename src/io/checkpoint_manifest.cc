#include "checkpoint_manifest.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"
#include "wav2vec/core/hash.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int64_t kFormatVersion = 1;
constexpr uint64_t kMaxManifestBytes = uint64_t{1} << 20;
constexpr size_t kPieceBytes = size_t{1} << 20;

std::string hex(uint32_t crc) { return fmt::format("{:08x}", crc); }

/// The whole text from its inner part. Facts that are not UTF-8 get replacement characters.
std::string render(const json& body) {
  constexpr auto kReplace = json::error_handler_t::replace;
  const std::string inner = body.dump(-1, ' ', false, kReplace);
  const json whole = {{"checkpoint", body}, {"crc32c", hex(crc32c(inner.data(), inner.size()))}};
  return whole.dump(2, ' ', false, kReplace) + "\n";
}

/// A discarded value for text that is not JSON. nlohmann writes recursively, so depth is bounded on reading.
json parse_flat(const std::string& text, const std::string& name) {
  constexpr int kMaxDepth = 8;
  const auto check_depth = [&](int depth, json::parse_event_t, json&) {
    if (depth > kMaxDepth) throw FormatError(fmt::format("{}: not a checkpoint manifest", name));
    return true;
  };
  return json::parse(text, check_depth, false);
}

ManifestEntry entry_from(const json& item) {
  ManifestEntry entry;
  entry.name = item.at("name").get<std::string>();
  entry.bytes = item.at("bytes").get<uint64_t>();
  const auto crc = item.at("crc32c").get<std::string>();
  entry.crc32c = static_cast<uint32_t>(std::stoul(crc, nullptr, 16));
  return entry;
}

CheckpointManifest manifest_from(const json& body) {
  CheckpointManifest manifest;
  manifest.update = body.at("update").get<int64_t>();
  manifest.facts = body.at("facts").get<std::map<std::string, std::string>>();
  for (const json& item : body.at("files")) manifest.files.push_back(entry_from(item));
  return manifest;
}

}  // namespace

bool is_checkpoint_file_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name != kManifestFileName &&
         name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

ManifestEntry measure_file(const fs::path& path) {
  const std::string name = printable(path.string());
  std::error_code error;
  if (!fs::is_regular_file(path, error)) throw DataError(fmt::format("{}: missing or not a file", name));
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw DataError(fmt::format("{}: cannot open: {}", name, std::strerror(errno)));
  ManifestEntry entry{path.filename().string(), 0, 0};
  std::vector<char> piece(kPieceBytes);
  while (stream) {
    stream.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    const auto n = static_cast<size_t>(stream.gcount());
    entry.crc32c = crc32c(piece.data(), n, entry.crc32c);
    entry.bytes += n;
  }
  if (!stream.eof()) throw DataError(fmt::format("{}: cannot read", name));
  return entry;
}

std::string format_manifest(const CheckpointManifest& manifest) {
  json files = json::array();
  for (const ManifestEntry& entry : manifest.files)
    files.push_back({{"name", entry.name}, {"bytes", entry.bytes}, {"crc32c", hex(entry.crc32c)}});
  return render({{"version", kFormatVersion},
                 {"update", manifest.update},
                 {"files", files},
                 {"facts", json(manifest.facts)}});
}

CheckpointManifest read_manifest(const fs::path& folder, std::optional<int64_t> update) {
  const fs::path path = folder / kManifestFileName;
  const std::string name = printable(path.string());
  const std::string text = read_file(path, kMaxManifestBytes);
  const json whole = parse_flat(text, name);
  if (!whole.is_object() || !whole.contains("checkpoint") || render(whole["checkpoint"]) != text)
    throw FormatError(fmt::format("{}: damaged: content and checksum disagree", name));

  CheckpointManifest manifest;
  try {
    const json& body = whole["checkpoint"];
    const auto version = body.at("version").get<int64_t>();
    if (version > kFormatVersion)
      throw CheckpointError(fmt::format(
          "{}: written by a newer version of the program (format {}, this one knows {}); use that version",
          name, version, kFormatVersion));
    manifest = manifest_from(body);
  } catch (const CheckpointError&) {
    throw;
  } catch (const std::exception&) {  // nlohmann's and stoul's: a well-formed file of some other kind
    throw FormatError(fmt::format("{}: not a checkpoint manifest", name));
  }
  if (update && manifest.update != *update)
    throw FormatError(fmt::format("{}: belongs to update {}, expected {}", name, manifest.update, *update));
  std::set<std::string> names;
  for (const ManifestEntry& entry : manifest.files) {
    if (!is_checkpoint_file_name(entry.name) || !names.insert(entry.name).second)
      throw FormatError(fmt::format("{}: bad file name \"{}\"", name, printable(entry.name)));
  }
  return manifest;
}

CheckpointManifest verify_checkpoint(const fs::path& folder, std::optional<int64_t> update) {
  CheckpointManifest manifest = read_manifest(folder, update);
  for (const ManifestEntry& entry : manifest.files) {
    const fs::path path = folder / entry.name;
    const std::string name = printable(path.string());
    std::error_code error;
    const uint64_t bytes = fs::file_size(path, error);
    if (error) throw DataError(fmt::format("{}: {}", name, error.message()));
    if (bytes != entry.bytes)
      throw FormatError(fmt::format("{}: {} bytes, expected {}", name, bytes, entry.bytes));
    const uint32_t crc = measure_file(path).crc32c;
    if (crc != entry.crc32c)
      throw FormatError(
          fmt::format("{}: damaged: checksum {}, expected {}", name, hex(crc), hex(entry.crc32c)));
  }
  return manifest;
}

}  // namespace wav2vec
