#include <fmt/format.h>

#include <cmath>
#include <unordered_map>

#include "data/manifest_collector.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/text_lines.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

using Table = std::unordered_map<std::string, std::string>;

/// False as well for what cannot be looked at (a loop of links, a closed folder).
bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// `key value…` lines; empty when the file does not exist.
Table read_table(const fs::path& path) {
  Table table;
  if (!is_there(path)) return table;
  TextLines lines(path.string());
  std::string_view line;
  while (lines.next(line)) {
    const auto [key, value] = split_word(line);
    if (!table.emplace(key, value).second) lines.fail(fmt::format("\"{}\" comes twice", printable(key)));
  }
  return table;
}

std::string value_of(const Table& table, const std::string& key) {
  const auto at = table.find(key);
  return at == table.end() ? "" : at->second;
}

double duration_of(const Table& table, const std::string& key) {
  double seconds = -1.0;
  return parse_seconds(value_of(table, key), seconds) && seconds > 0.0 && seconds < 1e7 ? seconds : -1.0;
}

int64_t samples_in(double seconds) {
  return seconds < 0.0 ? -1 : std::llround(seconds * static_cast<double>(kManifestRateHz));
}

fs::path resolve(std::string_view written, const fs::path& folder, const fs::path& root) {
  const fs::path path(written);
  if (path.is_absolute()) return path;
  if (!root.empty()) return root / path;
  return is_there(folder / path) ? folder / path : path;
}

class KaldiReader {
 public:
  KaldiReader(const fs::path& folder, const fs::path& root)
      : folder_(folder),
        root_(root),
        speakers_(read_table(folder / "utt2spk")),
        texts_(read_table(folder / "text")),
        utterance_seconds_(read_table(folder / "utt2dur")),
        recording_seconds_(read_table(folder / "reco2dur")) {}

  Manifest read() {
    const fs::path wav_scp = folder_ / "wav.scp";
    if (!is_there(wav_scp))
      throw DataError(
          fmt::format("{}: a folder without wav.scp is not a Kaldi data folder; list its audio with: "
                      "wav2vec manifest FOLDER -o FILE",
                      printable(folder_.string())));
    if (!is_there(folder_ / "segments")) return read_list(wav_scp);
    TextLines lines(wav_scp.string());
    read_recordings(lines);
    TextLines segments((folder_ / "segments").string());
    read_segments(segments);
    return collector_.finish(folder_.string());
  }

  /// Whole files.
  Manifest read_list(const fs::path& wav_scp) {
    TextLines lines(wav_scp.string());
    read_whole_files(lines);
    return collector_.finish(wav_scp.string());
  }

 private:
  static void check_entry(std::string_view entry, const TextLines& lines) {
    if (entry.empty()) lines.fail("expected \"id path\"");
    if (entry.ends_with('|') || entry.starts_with('|'))
      lines.fail("a command; commands in a manifest are never run: write the audio files out and list those");
  }

  void add(Utterance u, double seconds, const TextLines& lines) {
    u.speaker = value_of(speakers_, u.id);
    u.text = value_of(texts_, u.id);
    u.samples = samples_in(seconds);
    collector_.add(std::move(u), lines);
  }

  void read_whole_files(TextLines& lines) {
    std::string_view line;
    while (lines.next(line)) {
      const auto [id, entry] = split_word(line);
      check_entry(entry, lines);
      Utterance u;
      u.id = id;
      u.audio = resolve(entry, folder_, root_);
      const double seconds = duration_of(utterance_seconds_, u.id);
      const double recording = duration_of(recording_seconds_, u.id);
      add(std::move(u), seconds > 0.0 ? seconds : recording, lines);
    }
  }

  void read_recordings(TextLines& lines) {
    std::string_view line;
    while (lines.next(line)) {
      const auto [id, entry] = split_word(line);
      check_entry(entry, lines);
      if (!recordings_.emplace(id, resolve(entry, folder_, root_)).second)
        lines.fail(fmt::format("the recording \"{}\" comes twice", printable(id)));
    }
  }

  void read_segments(TextLines& lines) {
    std::string_view line;
    while (lines.next(line)) {
      const auto [id, after_id] = split_word(line);
      const auto [recording, times] = split_word(after_id);
      const auto [start, end] = split_word(times);
      Utterance u;
      double end_seconds = 0.0;
      if (!parse_seconds(start, u.start_seconds) || !parse_seconds(end, end_seconds))
        lines.fail("expected \"utterance recording start end\" with times in seconds");
      const auto at = recordings_.find(std::string(recording));
      if (at == recordings_.end())
        lines.fail(fmt::format("the recording \"{}\" is not in wav.scp", printable(recording)));
      u.id = id;
      u.audio = at->second;
      const bool to_the_end = end_seconds == -1.0;  // as Kaldi's extract-segments reads it
      if (u.start_seconds < 0.0 || end_seconds > 1e7 || (!to_the_end && end_seconds <= u.start_seconds))
        lines.fail(fmt::format("a segment from {} s to {} s", u.start_seconds, end_seconds));
      if (!to_the_end) u.duration_seconds = end_seconds - u.start_seconds;
      const double seconds = u.duration_seconds;
      add(std::move(u), seconds, lines);
    }
  }

  fs::path folder_;
  fs::path root_;
  Table speakers_;
  Table texts_;
  Table utterance_seconds_;
  Table recording_seconds_;
  std::unordered_map<std::string, fs::path> recordings_;
  ManifestCollector collector_;
};

}  // namespace

Manifest read_kaldi_list(const fs::path& wav_scp, const fs::path& root) {
  return KaldiReader(wav_scp.parent_path(), root).read_list(wav_scp);
}

Manifest read_kaldi_folder(const fs::path& folder, const fs::path& root) {
  return KaldiReader(folder, root).read();
}

}  // namespace wav2vec
