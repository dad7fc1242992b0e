#include "wav2vec/data/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "data/manifest_collector.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/text_lines.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int64_t kMaxSamples = 1'000'000'000'000;  // two years at 16 kHz

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

int64_t seconds_to_samples(double seconds) {
  return std::llround(seconds * static_cast<double>(kManifestRateHz));
}

void check_times(const Utterance& u, const TextLines& lines) {
  constexpr double kMaxSeconds = 1e7;
  if (!(u.start_seconds >= 0.0 && u.start_seconds <= kMaxSeconds))
    lines.fail(fmt::format("a start of {} s; expected a time from 0 on", u.start_seconds));
  if (!(u.duration_seconds <= kMaxSeconds) || u.duration_seconds == 0.0)
    lines.fail(fmt::format("a duration of {} s; expected a time above 0", u.duration_seconds));
}

std::string default_id(std::string_view path, const Utterance& u) {
  return std::string(path) + segment_suffix(u);
}

// ---- fairseq ----------------------------------------------------------------------------------------------

fs::path find_root(std::string_view written, const fs::path& manifest, const fs::path& replacement,
                   const TextLines& lines) {
  const fs::path root = replacement.empty() ? fs::path(written) : replacement;
  if (is_folder(root)) return root;
  if (root.is_relative() && is_folder(manifest.parent_path() / root)) return manifest.parent_path() / root;
  lines.fail(
      fmt::format("the root folder {} is not found; if it has moved, write its new place into line 1 or "
                  "give --root",
                  printable(root.string().substr(0, 200))));
}

Manifest read_fairseq_tsv(TextLines& lines, std::string_view first_line, const fs::path& path,
                          const fs::path& replacement) {
  const fs::path root = find_root(first_line, path, replacement, lines);
  ManifestCollector collector;
  std::string_view line;
  while (lines.next(line)) {
    const auto fields = split_at(line, '\t');
    int64_t samples = 0;
    if (fields.size() != 2 || fields[0].empty() || !parse_integer(fields[1], samples) || samples < 0 ||
        samples > kMaxSamples)
      lines.fail(fmt::format("expected \"relative/path<TAB>samples\", found \"{}\"",
                             printable(line.substr(0, 200))));
    Utterance u;
    u.id = fields[0];
    u.audio = root / fs::path(fields[0]);
    u.samples = samples;
    collector.add(std::move(u), lines);
  }
  return collector.finish(path.string());
}

// ---- TSV with a header line
// --------------------------------------------------------------------------------

class Columns {
 public:
  explicit Columns(std::string_view header) : names_(split_at(header, '\t')) {}

  size_t count() const { return names_.size(); }
  bool has(std::string_view name) const {
    return std::find(names_.begin(), names_.end(), name) != names_.end();
  }

  /// The field of that column; empty when the table has no such column.
  std::string_view field(const std::vector<std::string_view>& fields, std::string_view name) const {
    const auto at = std::find(names_.begin(), names_.end(), name);
    return at == names_.end() ? std::string_view() : fields[static_cast<size_t>(at - names_.begin())];
  }

 private:
  std::vector<std::string_view> names_;
};

double seconds_field(std::string_view text, double fallback, const TextLines& lines) {
  double seconds = 0.0;
  if (text.empty()) return fallback;
  if (!parse_seconds(text, seconds) || seconds < 0.0)
    lines.fail(fmt::format("\"{}\" is not a time in seconds", printable(text.substr(0, 100))));
  return seconds;
}

Manifest read_header_tsv(TextLines& lines, std::string_view header, const fs::path& path,
                         const fs::path& root) {
  const Columns columns(header);
  ManifestCollector collector;
  std::string_view line;
  while (lines.next(line)) {
    const auto fields = split_at(line, '\t');
    if (fields.size() != columns.count())
      lines.fail(fmt::format("{} fields, but the header line names {}", fields.size(), columns.count()));
    const std::string_view audio = columns.field(fields, "path");
    if (audio.empty()) lines.fail("an empty path");
    Utterance u;
    u.audio = root / fs::path(audio);
    u.start_seconds = seconds_field(columns.field(fields, "start"), 0.0, lines);
    u.duration_seconds = seconds_field(columns.field(fields, "duration"), -1.0, lines);
    check_times(u, lines);
    const std::string_view samples = columns.field(fields, "samples");
    if (!samples.empty() && (!parse_integer(samples, u.samples) || u.samples < 0 || u.samples > kMaxSamples))
      lines.fail(fmt::format("\"{}\" is not a number of samples", printable(samples.substr(0, 100))));
    const double seconds = seconds_field(columns.field(fields, "seconds"), u.duration_seconds, lines);
    if (seconds > 1e7) lines.fail(fmt::format("{} seconds is not the length of an audio file", seconds));
    if (u.samples < 0 && seconds >= 0.0) u.samples = seconds_to_samples(seconds);
    const std::string_view id = columns.field(fields, "id");
    u.id = id.empty() ? default_id(audio, u) : std::string(id);
    u.speaker = columns.field(fields, "speaker");
    u.split = columns.field(fields, "split");
    u.text = columns.field(fields, "text");
    collector.add(std::move(u), lines);
  }
  return collector.finish(path.string());
}

// ---- JSONL
// -------------------------------------------------------------------------------------------------

constexpr size_t kMaxJsonBytes = 1 << 20;  // "[[[[…" takes some fifty times as much memory

std::string string_key(const json& object, const char* key, const TextLines& lines) {
  const auto at = object.find(key);
  if (at == object.end() || at->is_null()) return "";
  if (!at->is_string()) lines.fail(fmt::format("\"{}\" must be a string", key));
  std::string text = at->get<std::string>();
  if (text.find('\0') != std::string::npos)
    lines.fail(fmt::format("\"{}\" holds a NUL byte; write the manifest again", key));
  return text;
}

double number_key(const json& object, const char* key, double fallback, const TextLines& lines) {
  const auto at = object.find(key);
  if (at == object.end() || at->is_null()) return fallback;
  if (!at->is_number() || !(at->get<double>() >= 0.0))
    lines.fail(fmt::format("\"{}\" must be a number from 0 on", key));
  return at->get<double>();
}

Utterance utterance_from_json(const json& object, const fs::path& root, const TextLines& lines) {
  const std::string audio = string_key(object, "audio", lines);
  if (audio.empty()) lines.fail("no \"audio\"; every line must name its audio file");
  Utterance u;
  u.audio = root / fs::path(audio);
  u.start_seconds = number_key(object, "start", 0.0, lines);
  u.duration_seconds = number_key(object, "duration", -1.0, lines);
  check_times(u, lines);
  const double samples = number_key(object, "samples", -1.0, lines);
  if (samples > static_cast<double>(kMaxSamples) || samples != std::floor(samples))
    lines.fail("\"samples\" must be a whole number");
  u.samples = static_cast<int64_t>(samples);
  if (u.samples < 0 && u.duration_seconds > 0.0) u.samples = seconds_to_samples(u.duration_seconds);
  if (!object.contains("start")) u.duration_seconds = -1.0;  // the whole file
  u.id = string_key(object, "id", lines);
  if (u.id.empty()) u.id = default_id(audio, u);
  u.text = string_key(object, "text", lines);
  u.speaker = string_key(object, "speaker", lines);
  u.split = string_key(object, "split", lines);
  return u;
}

Manifest read_jsonl(TextLines& lines, std::string_view line, const fs::path& path, const fs::path& root) {
  ManifestCollector collector;
  do {
    if (line.size() > kMaxJsonBytes)
      lines.fail(fmt::format("a line of {} bytes, at most {} expected", line.size(), kMaxJsonBytes));
    const json object = json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!object.is_object())
      lines.fail(fmt::format("expected a JSON object like {{\"audio\": \"a.wav\"}}, found \"{}\"",
                             printable(line.substr(0, 100))));
    collector.add(utterance_from_json(object, root, lines), lines);
  } while (lines.next(line));
  return collector.finish(path.string());
}

}  // namespace

std::string segment_suffix(const Utterance& u) {
  if (!u.is_segment()) return "";
  return fmt::format(":{:.3f}+{:.3f}", u.start_seconds, std::max(u.duration_seconds, 0.0));
}

int64_t Manifest::known_samples() const {
  int64_t sum = 0;
  for (const Utterance& u : utterances) sum += std::max<int64_t>(u.samples, 0);
  return sum;
}

double Manifest::known_seconds() const {
  return static_cast<double>(known_samples()) / static_cast<double>(kManifestRateHz);
}

double Manifest::hours() const { return known_seconds() / 3600.0; }

Manifest read_manifest(const fs::path& path, const fs::path& root) {
  if (is_folder(path)) return read_kaldi_folder(path, root);
  if (path.extension() == ".scp") return read_kaldi_list(path, root);
  const fs::path base = root.empty() ? path.parent_path() : root;
  TextLines lines(path.string());
  std::string_view first;
  if (!lines.next(first)) return ManifestCollector().finish(path.string());
  if (first.starts_with('{') || manifest_format_of(path) == ManifestFormat::jsonl)
    return read_jsonl(lines, first, path, base);
  if (Columns(first).has("path")) return read_header_tsv(lines, first, path, base);
  if (first.find('\t') != std::string_view::npos)
    lines.fail(
        "not a known manifest: line 1 must be a root folder (fairseq), a header with a column \"path\", or a "
        "JSON object");
  return read_fairseq_tsv(lines, first, path, root);
}

Manifest read_manifests(std::span<const std::string> paths) {
  Manifest all;
  for (const std::string& path : paths) {
    Manifest one = read_manifest(path);
    std::move(one.utterances.begin(), one.utterances.end(), std::back_inserter(all.utterances));
  }
  return all;
}

}  // namespace wav2vec
