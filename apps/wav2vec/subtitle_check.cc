#include "subtitle_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "choices.h"
#include "commands.h"
#include "stop_signal.h"
#include "wav2vec/audio/media_tracks.h"
#include "wav2vec/check/check_page.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/log.h"
#include "wav2vec/core/say_once.h"
#include "wav2vec/extract/decoded_waveform.h"
#include "wav2vec/text/text_language.h"
#include "wav2vec/train/progress.h"

namespace wav2vec::app {

namespace {

CLI::Validator language_code() {
  return CLI::Validator(
      [](const std::string& code) {
        const std::string_view first = std::string_view(code).substr(0, code.find('-'));
        const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
        const bool usable = (first.size() == 2 || first.size() == 3) && std::ranges::all_of(first, is_letter);
        return usable ? std::string() : "\"" + printable(code) + "\" is no code such as en or eng";
      },
      "", "language");
}

}  // namespace

void add_check_settings(CLI::App& app, CheckSettings& settings) {
  app.add_option("--model", settings.model,
                 "run or checkpoint of train-head, instead of the head that is shipped");
  app.add_option("--language", settings.language,
                 "of the texts: how numbers and signs are read; auto: found out, else en")
      ->capture_default_str();
  app.add_option("--sub-encoding", settings.encoding, "of the subtitle, where it is not found out rightly");
  app.add_option("--fps", settings.frames_per_second, "frames per second of a MicroDVD file")
      ->check(number_in(0.0, 1000.0));
  app.add_option("--audio-track", settings.audio_track,
                 "of a container: its number, from 1, or its language; else the default one");
  app.add_option("--audio-language", settings.audio_language,
                 "that is spoken, as en or eng, where the container does not say so rightly")
      ->check(language_code());
  app.add_option("--sub-track", settings.subtitle_track, "likewise of subtitles inside a container");
  app.add_flag("--strict", settings.strict, "what is odd in the subtitle is an error");
  app.add_option("--max-offset", settings.max_offset_seconds,
                 "texts are looked for this far from their cues, in seconds")
      ->capture_default_str()
      ->check(number_in(1.0, 36000.0));
}

ReadSubtitle read_for_check(const std::string& path, const CheckSettings& settings) {
  // A language that nobody knows is told before the network has listened for minutes.
  if (settings.language != "auto") TextReader({.language = settings.language});
  SubtitleOptions options{.name = path,
                          .encoding = settings.encoding,
                          .frames_per_second = settings.frames_per_second,
                          .strict = settings.strict};
  ReadSubtitle read{path, {}};
  if (is_media_container(path)) {
    const std::vector<MediaTrack> tracks = media_tracks(path);
    const MediaTrack& track = choose_track(tracks, TrackKind::subtitle, settings.subtitle_track, path);
    options.name = fmt::format("{}, subtitle track {}", path, track.number);
    read.subtitle = parse_subtitle(read_subtitle_track(path, track), options);
  } else {
    read.subtitle = read_subtitle(path, options);
  }
  for (const SubtitleWarning& warning : read.subtitle.warnings)
    log_warning(fmt::format("{}:{}: {} ({})", printable(path), warning.line, warning.message, warning.code));
  return read;
}

void say_letters_stand_alone(const HeadModel& model) {
  if (!model.attends() || !first_time("letters stand alone")) return;
  log_warning(
      fmt::format("{}: a head with early fusion; texts are looked for with its letters alone, which "
                  "attend to audio in align and test-head only",
                  printable(model.path().string())));
}

std::optional<HeardMedia> hear(HeadModel& model, const std::string& path, const CheckSettings& settings) {
  say_letters_stand_alone(model);
  Utterance utterance;
  utterance.audio = path;
  AudioOptions options{
      .sample_rate_hz = model.info().sample_rate_hz, .channels = ChannelPolicy::voice, .media_clock = true};
  std::string language = settings.audio_language;
  if (is_media_container(path)) {
    const std::vector<MediaTrack> tracks = media_tracks(path);
    const MediaTrack& track = choose_track(tracks, TrackKind::audio, settings.audio_track, path);
    options.stream = track.stream;
    if (language.empty()) language = track.language;
  } else if (!settings.audio_track.empty() && settings.audio_track != "1") {
    throw ConfigError(fmt::format("{}: has one audio track; leave --audio-track out", printable(path)));
  }
  const auto audio = decode_utterance(utterance, options, {});
  HeardMedia media{
      .path = path,
      .seconds = static_cast<double>(audio->samples()) / static_cast<double>(model.info().sample_rate_hz),
      .language = language,
      .scores = {}};
  const double hop = model.frame_times().hop_seconds;
  std::optional<Progress> progress;
  if (settings.show_progress) progress.emplace("check", "seconds", static_cast<int64_t>(media.seconds));
  media.scores = model.scores(audio->source(), [&](int64_t frames) {
    const double done = static_cast<double>(frames) * hop;
    if (progress) progress->update(static_cast<int64_t>(done), {}, done);
    return !stop_requested();
  });
  media.scores.hidden = {};  // nobody attends to it
  if (progress) progress->finish();
  if (stop_requested()) return std::nullopt;
  return media;
}

std::optional<CheckReport> check_against(HeadModel& model, const HeardMedia& media, const ReadSubtitle& read,
                                         const CheckSettings& settings) {
  const Subtitle& subtitle = read.subtitle;
  CheckReport report;
  report.version = kVersion;
  report.model = model.path().filename().string();
  report.media = media.path;
  report.media_seconds = media.seconds;
  report.spoken_language = media.language;
  report.subtitle = read.path;
  report.format = std::string(name_of(subtitle.format));
  report.encoding = subtitle.decoded.encoding;
  report.byte_order_mark = subtitle.decoded.has_bom;
  for (const Cue& cue : subtitle.cues) {
    report.cues.push_back({cue.start_seconds, cue.end_seconds, cue.text});
    report.lines.push_back(cue.line);
    report.ids.push_back(cue.id);
  }
  for (const SubtitleWarning& warning : subtitle.warnings)
    report.warnings.push_back({std::string(warning.code), warning.line, warning.message});
  std::string all;
  for (const CheckedText& cue : report.cues) all += cue.text + "\n";
  const std::vector<LanguageShare> languages = text_languages(all);
  if (!languages.empty()) report.text_language = languages[0].code;
  const std::string language = settings.language != "auto"    ? settings.language
                               : report.text_language.empty() ? "en"
                                                              : report.text_language;
  const TokenReader reader({.language = language, .max_readings = 1, .invalid_utf8 = InvalidUtf8::replace},
                           model.info().tokens);
  CheckOptions options;
  options.widest_search_seconds = settings.max_offset_seconds;
  std::optional<Progress> progress;
  if (settings.show_progress) progress.emplace("check", "cues", std::ssize(report.cues));
  options.progress = [&](int64_t done) {
    if (progress) progress->update(done);
    return !stop_requested();
  };
  report.result = check_subtitle(
      media.scores, model.frame_times(), [&](std::span<const int> tokens) { return model.meant(tokens); },
      report.cues, reader, options);
  if (progress) progress->finish();
  if (stop_requested()) return std::nullopt;
  if (report.result.state == FileState::wrong_content && is_other_language(languages, media.language))
    report.result.state = FileState::wrong_language;
  return report;
}

std::string retime_command(const std::string& media, const std::string& subtitle,
                           const CheckSettings& settings) {
  const auto named = [](const std::filesystem::path& path) {
    // Not to be taken for an option.
    return path.string().starts_with('-') ? "./" + path.string() : path.string();
  };
  const std::filesystem::path path = subtitle;
  std::filesystem::path out = path;
  out.replace_filename(path.stem().string() + ".fixed" + path.extension().string());
  std::vector<std::string> words{"wav2vec", "retime", named(media), named(path), "-o", named(out)};
  const CheckSettings usual;
  const auto add = [&](const char* option, const std::string& value) {
    words.emplace_back(option);
    words.push_back(value);
  };
  if (settings.model != usual.model) add("--model", settings.model);
  if (settings.language != usual.language) add("--language", settings.language);
  if (settings.encoding != usual.encoding) add("--sub-encoding", settings.encoding);
  if (settings.frames_per_second != usual.frames_per_second)
    add("--fps", fmt::format("{}", settings.frames_per_second));
  if (settings.strict) words.emplace_back("--strict");
  if (settings.max_offset_seconds != usual.max_offset_seconds)
    add("--max-offset", fmt::format("{}", settings.max_offset_seconds));
  std::string line;
  for (const std::string& word : words) {
    if (printable(word) != word) return "";
    line += (line.empty() ? "" : " ") + shell_word(word);
  }
  return line;
}

std::string page_of(const CheckReport& report, const HeardMedia& media, const HeadModel& model,
                    const CheckSettings& settings, const std::filesystem::path& page) {
  return check_page(report, {.media_address = relative_address(media.path, page),
                             .retime_command = retime_command(media.path, report.subtitle, settings),
                             .powers = media.scores.powers,
                             .hop_seconds = model.frame_times().hop_seconds});
}

}  // namespace wav2vec::app
