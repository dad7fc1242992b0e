#pragma once
// What check and retime share: a recording with a subtitle becomes a report.

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "wav2vec/check/report.h"
#include "wav2vec/head/head_model.h"
#include "wav2vec/subtitle/subtitle.h"

namespace wav2vec::app {

struct CheckSettings {
  std::string model;
  std::string language = "auto";  ///< of the texts
  std::string audio_language;     ///< empty: as the container tags it
  std::string encoding;
  double frames_per_second = 0.0;
  bool strict = false;
  std::string audio_track;     ///< number or language; empty: the default one
  std::string subtitle_track;  ///< likewise, of subtitles inside a container
  double max_offset_seconds = CheckOptions{}.widest_search_seconds;
  bool show_progress = true;  ///< of each recording; not an option
};

void add_check_settings(CLI::App& app, CheckSettings& settings);

struct ReadSubtitle {
  std::string path;
  Subtitle subtitle;
};

/// A subtitle file, or a track of a container. Logs its warnings. Throws DataError, ConfigError.
ReadSubtitle read_for_check(const std::string& path, const CheckSettings& settings);

/// The audio of a recording, heard once for all subtitles; nullopt when a signal stopped it.
struct HeardMedia {
  std::string path;
  double seconds = 0.0;
  std::string language;  ///< empty: not known
  RecordingScores scores;
};
std::optional<HeardMedia> hear(HeadModel& model, const std::string& path, const CheckSettings& settings);

/// Says once that of a head with early fusion only what letters stand for without audio counts here: texts
/// are looked for in hours, and nobody knows yet to which frames their letters should attend.
void say_letters_stand_alone(const HeadModel& model);

/// nullopt when a signal stopped it.
std::optional<CheckReport> check_against(HeadModel& model, const HeardMedia& media, const ReadSubtitle& read,
                                         const CheckSettings& settings);

/// The call of retime that applies what a check with these settings suggests, to be pasted into a shell;
/// empty where a name holds what a terminal would obey.
std::string retime_command(const std::string& media, const std::string& subtitle,
                           const CheckSettings& settings);

/// The report as a page that will lie at `page`.
std::string page_of(const CheckReport& report, const HeardMedia& media, const HeadModel& model,
                    const CheckSettings& settings, const std::filesystem::path& page);

}  // namespace wav2vec::app
