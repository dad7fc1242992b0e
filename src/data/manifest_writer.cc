#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"
#include "wav2vec/data/manifest.h"
#include "wav2vec/data/manifest_builder.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

constexpr size_t kFlushBytes = 1 << 20;

fs::path absolute_audio(const Utterance& u) { return fs::absolute(u.audio).lexically_normal(); }

// Empty when the format can hold the names.
const char* fault_of_name(const Utterance& u, ManifestFormat format) {
  if (format == ManifestFormat::jsonl)
    return is_valid_utf8(u.audio.native()) && is_valid_utf8(u.id) ? "" : "a name that is not UTF-8";
  return u.audio.native().find_first_of("\t\n\r") == std::string::npos ? ""
                                                                       : "a TAB or line break in the name";
}

void check_sayable(const fs::path& path, const Utterance& u) {
  const auto fail = [&](std::string_view reason) {
    throw DataError(fmt::format("{}: {}: {}; write JSONL instead (a name that ends in .jsonl)",
                                printable(path.string()), printable(u.audio.string()), reason));
  };
  if (u.is_segment()) fail("a part of a file, which fairseq's TSV cannot say");
  if (u.samples < 0) fail("its length is not known");
  if (const char* fault = fault_of_name(u, ManifestFormat::fairseq_tsv); *fault != '\0') fail(fault);
}

std::string json_line(const fs::path& path, const Utterance& u) {
  nlohmann::ordered_json object;
  object["audio"] = absolute_audio(u).string();
  if (u.is_segment()) object["start"] = u.start_seconds;
  if (u.duration_seconds >= 0.0) {
    object["duration"] = u.duration_seconds;
  } else if (u.samples >= 0 && !u.is_segment()) {
    object["duration"] = static_cast<double>(u.samples) / static_cast<double>(kManifestRateHz);
  }
  if (u.samples >= 0) object["samples"] = u.samples;
  object["id"] = u.id;
  if (!u.speaker.empty()) object["speaker"] = u.speaker;
  if (!u.split.empty()) object["split"] = u.split;
  if (!u.text.empty()) object["text"] = u.text;
  try {
    return object.dump() + "\n";
  } catch (const nlohmann::json::exception&) {
    throw DataError(fmt::format("{}: {}: a name or text that is not UTF-8, which JSON cannot hold; rename it",
                                printable(path.string()), printable(u.audio.string())));
  }
}

}  // namespace

fs::path common_folder(const Manifest& manifest) {
  fs::path common;
  for (const Utterance& u : manifest.utterances) {
    const fs::path folder = absolute_audio(u).parent_path();
    if (common.empty()) common = folder;
    const auto [end, unused] = std::mismatch(common.begin(), common.end(), folder.begin(), folder.end());
    if (end == common.end()) continue;
    fs::path shorter;
    for (auto part = common.begin(); part != end; ++part) shorter /= *part;
    common = shorter;
  }
  return common;
}

ManifestFormat manifest_format_of(const fs::path& path) {
  const fs::path extension = path.extension();
  return extension == ".jsonl" || extension == ".json" ? ManifestFormat::jsonl : ManifestFormat::fairseq_tsv;
}

void write_manifest_tsv(const fs::path& path, const Manifest& manifest) {
  for (const Utterance& u : manifest.utterances) check_sayable(path, u);
  const fs::path root = common_folder(manifest);
  std::string text = root.string() + "\n";
  AtomicFile file(path);
  for (const Utterance& u : manifest.utterances) {
    text += fmt::format("{}\t{}\n", absolute_audio(u).lexically_relative(root).string(), u.samples);
    if (text.size() < kFlushBytes) continue;
    file.write(text);
    text.clear();
  }
  file.write(text);
  file.commit();
}

void write_manifest_jsonl(const fs::path& path, const Manifest& manifest) {
  AtomicFile file(path);
  std::string text;
  for (const Utterance& u : manifest.utterances) {
    text += json_line(path, u);
    if (text.size() < kFlushBytes) continue;
    file.write(text);
    text.clear();
  }
  file.write(text);
  file.commit();
}

void write_manifest(const fs::path& path, const Manifest& manifest, ManifestFormat format) {
  if (path == "-")
    throw ConfigError("a manifest does not go to standard output; give it a name in .tsv or .jsonl");
  if (is_audio_name(path))
    throw ConfigError(
        fmt::format("{}: this is the name of an audio file; give the manifest a name in .tsv or .jsonl",
                    printable(path.string())));
  if (format == ManifestFormat::jsonl) return write_manifest_jsonl(path, manifest);
  write_manifest_tsv(path, manifest);
}

std::vector<std::string> leave_out_bad_names(Manifest& manifest, ManifestFormat format) {
  std::vector<std::string> failures;
  std::erase_if(manifest.utterances, [&](const Utterance& u) {
    const char* fault = fault_of_name(u, format);
    if (*fault == '\0') return false;
    failures.push_back(fmt::format("{}: {}; rename it", printable(u.audio.string()), fault));
    return true;
  });
  return failures;
}

}  // namespace wav2vec
