// wav2vec align: when is each word of a text spoken?

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <span>

#include "choices.h"
#include "commands.h"
#include "default_model.h"
#include "shard.h"
#include "stop_signal.h"
#include "wav2vec/align/alignment_files.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"
#include "wav2vec/core/log.h"
#include "wav2vec/core/text_lines.h"
#include "wav2vec/data/manifest.h"
#include "wav2vec/extract/decoded_waveform.h"
#include "wav2vec/head/head_model.h"
#include "wav2vec/head/text_aligner.h"
#include "wav2vec/train/progress.h"

namespace wav2vec::app {
namespace {

constexpr uint64_t kMostTextBytes = uint64_t{64} << 20;

struct Options {
  std::string media;
  std::string text;
  std::string manifest;
  std::string out;
  std::string format;
  std::string model;
  std::string language = "en";
  bool replace_invalid = false;
  bool lines = false;
  std::string shard;
};

/// A recording and its text.
struct Job {
  Utterance utterance;
  std::vector<TextLine> lines;
};

std::vector<TextLine> lines_of_file(const std::string& path) {
  std::vector<TextLine> lines;
  TextLines file(path, kMostTextBytes);
  for (std::string_view line; file.next(line);) lines.push_back({file.number(), std::string(line)});
  return lines;
}

std::vector<TextLine> lines_of_text(std::string_view text) {
  std::vector<TextLine> lines;
  int64_t number = 0;
  for (const std::string_view line : split_at(text, '\n')) {
    ++number;
    if (!split_word(line).word.empty()) lines.push_back({number, std::string(line)});
  }
  return lines;
}

// Its cue numbers and times would be aligned as words.
void refuse_subtitles(const std::string& path, const std::vector<TextLine>& lines) {
  const auto timed = std::ranges::find_if(
      lines, [](const TextLine& line) { return line.text.find(" --> ") != std::string::npos; });
  if (timed == lines.end()) return;
  throw DataError(fmt::format("{}:{}: has subtitle times; give the text alone, a line for each cue",
                              printable(path), timed->number));
}

std::vector<Job> jobs_of(const Options& options) {
  std::vector<Job> jobs;
  if (!options.manifest.empty()) {
    const Manifest manifest = read_manifest(options.manifest);
    for (Utterance& utterance : items_of<Utterance>(manifest.utterances, shard_of_process(options.shard))) {
      std::vector<TextLine> lines = lines_of_text(utterance.text);
      jobs.push_back({std::move(utterance), std::move(lines)});
    }
    return jobs;
  }
  Job job;
  job.utterance.audio = options.media;
  job.utterance.id = std::filesystem::path(options.media).filename().string();
  job.lines = lines_of_file(options.text);
  refuse_subtitles(options.text, job.lines);
  jobs.push_back(std::move(job));
  return jobs;
}

AlignmentFormat format_of(const Options& options) {
  if (options.out == "-" && options.format.empty())
    throw ConfigError("-o - needs --format, for example --format ctm");
  return alignment_format_of(options.format.empty() ? options.out : "x." + options.format);
}

// Before anything is computed: what the output would replace.
void check_output(const Options& options, const std::filesystem::path& model, const std::vector<Job>& jobs) {
  if (options.out == "-") return;
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path out = options.out;
  if (fs::is_directory(out, error))
    throw DiskError(fmt::format("{}: is a folder; give a file", printable(options.out)));
  const auto refuse = [&](const fs::path& input) {
    if (!input.empty() && fs::equivalent(out, input, error) && !error)
      throw ConfigError(fmt::format("{}: is an input, {}; choose another --out", printable(options.out),
                                    printable(input.string())));
  };
  for (const fs::path& input : {fs::path(options.text), fs::path(options.manifest), model}) refuse(input);
  for (const Job& job : jobs) refuse(job.utterance.audio);
}

struct Totals {
  int64_t lines = 0;
  int64_t spoken = 0;
  double audio_seconds = 0.0;
};

// A part of the recordings goes into a file of its own.
Options of_part(Options options) {
  if (options.manifest.empty()) {
    if (!options.shard.empty()) throw ConfigError("--shard is for --manifest");
    return options;
  }
  const Shard shard = shard_of_process(options.shard);
  if (shard.parts > 1 && options.out == "-")
    throw ConfigError("a part of the recordings goes into a file, which wav2vec merge takes; give --out");
  options.out = part_path(options.out, shard).string();
  return options;
}

ExitCode run(const Options& given) {
  const Options options = of_part(given);
  if (options.manifest.empty() == (options.media.empty() || options.text.empty()))
    throw ConfigError("expected MEDIA and TEXT, or --manifest");
  const AlignmentFormat format = format_of(options);
  if (options.lines && format != AlignmentFormat::ctm) throw ConfigError("--lines is for .ctm");
  if (!options.manifest.empty() && !holds_many(format))
    throw ConfigError(
        fmt::format("{}: holds one recording; with --manifest write .ctm or .json", printable(options.out)));
  const std::vector<Job> jobs = jobs_of(options);
  HeadModel model(head_or_default(options.model));
  check_output(options, model.path(), jobs);
  if (model.calibration().weights == MatchCalibration{}.weights)
    log_warning(fmt::format("{}: was trained without validation data, so its confidences mean nothing",
                            printable(model.path().string())));
  const TokenReader reader(
      {.language = options.language,
       .invalid_utf8 = options.replace_invalid ? InvalidUtf8::replace : InvalidUtf8::refuse},
      model.info().tokens);
  catch_stop_signals("stopping; nothing is written");
  // A part is written whatever fails in it, for the others need it.
  const bool is_part = options.out != given.out;
  const bool single = jobs.size() == 1 && !is_part;
  std::optional<Progress> progress;
  std::vector<AlignedText> aligned;
  Totals totals;
  int64_t failed = 0;
  bool damaged = false;
  if (!single) progress.emplace("align", "recordings", std::ssize(jobs));
  for (const Job& job : jobs) {
    const std::string name = printable(job.utterance.audio.string());
    const std::string text_place = options.manifest.empty() ? printable(options.text) : name;
    try {
      if (job.lines.empty())
        throw DataError(fmt::format("{}: no text; expected at least one line with letters", text_place));
      const auto audio = decode_utterance(job.utterance, {.sample_rate_hz = model.info().sample_rate_hz}, {});
      damaged |= !audio->damage.empty();
      const double rate = static_cast<double>(model.info().sample_rate_hz);
      const double seconds = static_cast<double>(audio->samples()) / rate;
      const double hop = model.frame_times().hop_seconds;
      if (single) progress.emplace("align", "seconds", static_cast<int64_t>(seconds));
      const RecordingScores scores = model.scores(audio->source(), [&](int64_t frames) {
        const double done = static_cast<double>(frames) * hop;
        if (single) progress->update(static_cast<int64_t>(done), {}, done);
        return !stop_requested();
      });
      if (stop_requested()) return ExitCode::interrupted;
      TextAlignerOptions aligner_options{.stop_requested = stop_requested};
      if (model.attends()) {
        aligner_options.heard_letter_sounds = [&](std::span<const int> tokens, int64_t first_frame,
                                                  int64_t end_frame) {
          return model.meant(tokens, scores, first_frame, end_frame);
        };
      }
      AlignedText text = align_text(
          scores, model.frame_times(), model.calibration(),
          [&](std::span<const int> tokens) { return model.meant(tokens); }, job.lines, reader,
          aligner_options);
      if (stop_requested()) return ExitCode::interrupted;
      text.id = job.utterance.id;
      text.seconds = seconds;
      for (const AlignedLine& line : text.lines) {
        if (!line.spoken)
          log_info(fmt::format("{}: not found: {}", printable(text.id), printable(line.text)));
      }
      totals.audio_seconds += seconds;
      totals.lines += std::ssize(text.lines);
      totals.spoken += std::ranges::count_if(text.lines, &AlignedLine::spoken);
      aligned.push_back(std::move(text));
    } catch (const TextError& error) {
      const std::string what = fmt::format("{}:{}: {}", text_place, error.line(), error.what());
      if (single) throw DataError(what);
      log_warning(what);
      ++failed;
    } catch (const DataError& error) {
      if (single) throw;
      const std::string what = error.what();
      log_warning(what.find(name) == std::string::npos ? fmt::format("{}: {}", name, what) : what);
      ++failed;
    }
    if (!single) progress->update(std::ssize(aligned) + failed, {}, totals.audio_seconds);
  }
  if (progress) progress->finish();
  if (aligned.empty() && !is_part) throw DataError("nothing was aligned; see the messages above");
  const std::string content =
      options.lines ? format_ctm_of_lines(aligned) : format_alignment(format, aligned);
  std::string summary = fmt::format("{}: {} of {} lines found in {:.1f} s of audio", printable(options.out),
                                    totals.spoken, totals.lines, totals.audio_seconds);
  if (failed > 0) summary += fmt::format("; {} recordings failed, listed on stderr", failed);
  if (options.out == "-") {
    fmt::print("{}", content);
    log_info(summary);
  } else {
    write_file(options.out, content);
    fmt::print("{}\n", summary);
  }
  if (failed > 0) return ExitCode::some_inputs_failed;
  return totals.spoken == totals.lines && !damaged ? ExitCode::ok : ExitCode::problems_found;
}

}  // namespace

Command add_align(CLI::App& program) {
  CLI::App* app = program.add_subcommand("align", "When is each word of a text spoken?");
  auto options = std::make_shared<Options>();
  app->add_option("media", options->media, "recording");
  app->add_option("text", options->text, "its text, a line for each sentence or cue (UTF-8)");
  app->add_option("--manifest", options->manifest,
                  "many recordings with their texts, instead of MEDIA and TEXT");
  app->add_option("-o,--out", options->out,
                  "file to write: .TextGrid, .ctm, .srt, .vtt, .ass or .json; - = standard output")
      ->required()
      ->check(not_empty());
  app->add_option("--format", options->format, "of --out, where its name does not tell");
  add_shard_option(*app, options->shard, "of --manifest, into a file that wav2vec merge takes");
  app->add_option("--model", options->model,
                  "run or checkpoint of train-head, instead of the head that is shipped");
  app->add_option("--language", options->language,
                  "of the text (en, cs, pt-BR …): how numbers and signs are read")
      ->capture_default_str();
  app->add_flag("--lines", options->lines,
                ".ctm with lines instead of words, each as recording \"id:number\"");
  app->add_flag("--replace-invalid", options->replace_invalid, "leave bytes out that are no UTF-8");
  app->footer(
      "Example:\n"
      "  wav2vec align talk.mp3 talk.txt -o talk.TextGrid\n"
      "  wav2vec align --manifest test.jsonl -o test.ctm\n"
      "Lines that are not spoken in the recording are left without times (exit code 1); .json names them.");
  return {app, [options] { return run(*options); }};
}

}  // namespace wav2vec::app
