// wav2vec programme: recordings of minutes whose every line is known to the frame.

#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "commands.h"
#include "programme_options.h"
#include "stop_signal.h"
#include "wav2vec/audio/audio_writer.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"
#include "wav2vec/programme/programme.h"
#include "wav2vec/train/progress.h"

namespace wav2vec::app {
namespace {

struct Options {
  std::string out;
  ProgrammeSeries series;
};

std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  }
  return text;
}

ExitCode run(const Options& options) {
  namespace fs = std::filesystem;
  const Manifest utterances = read_manifests(options.series.manifests);
  const fs::path folder = options.out;
  std::error_code error;
  for (const std::string& in : options.series.manifests) {
    for (const char* name : {"programmes.jsonl", "lines.ctm"}) {
      if (fs::equivalent(folder / name, in, error))
        throw ConfigError(
            fmt::format("{}: is an input that would be replaced; choose another --out", printable(in)));
    }
  }
  make_writable_folder(folder);
  catch_stop_signals("stopping after this programme");
  Manifest written;
  std::string truth;
  Progress progress("programme", "programmes", options.series.count);
  for (int64_t n = 1; n <= options.series.count && !stop_requested(); ++n) {
    const ProgrammeOptions one = options.series.options_of(n - 1);
    Programme programme = make_programme(utterances, one);
    for (ProgrammeLine& line : programme.lines) line.text = one_line(line.text);
    const std::string name = fmt::format("programme_{:03}", n);
    write_audio(folder / (name + ".flac"), programme.samples, one.sample_rate_hz);
    write_file(folder / (name + ".srt"), format_srt(programme.lines));
    std::string text;
    for (size_t i = 0; i < programme.lines.size(); ++i) {
      const ProgrammeLine& line = programme.lines[i];
      text += line.text + "\n";
      std::string label = line.text;
      std::ranges::replace(label, ' ', '_');
      truth += fmt::format("{}:{} 1 {:.3f} {:.3f} {}\n", name, i + 1, line.start_seconds,
                           line.end_seconds - line.start_seconds, label);
    }
    write_file(folder / (name + ".txt"), text);
    Utterance& utterance = written.utterances.emplace_back();
    utterance.id = name;
    utterance.audio = fs::absolute(folder / (name + ".flac"));
    utterance.samples = std::ssize(programme.samples) * kManifestRateHz / one.sample_rate_hz;
    utterance.text = text;
    progress.update(n);
  }
  progress.finish();
  write_manifest_jsonl(folder / "programmes.jsonl", written);
  write_file(folder / "lines.ctm", truth);
  fmt::print("{}: {} programmes, {:.1f} min\n", options.out, written.utterances.size(),
             60.0 * written.hours());
  return stop_requested() ? ExitCode::interrupted : ExitCode::ok;
}

}  // namespace

Command add_programme(CLI::App& program) {
  CLI::App* app = program.add_subcommand("programme", "Recordings of known truth, made of utterances");
  auto options = std::make_shared<Options>();
  app->add_option("--out", options->out, "folder to write")->required()->check(not_empty());
  add_programme_options(*app, options->series, 0.1);
  app->footer(
      "Example:\n"
      "  wav2vec programme --utterances test.tsv --minutes 5 --count 6 --bed music --out programmes\n"
      "  wav2vec align --manifest programmes/programmes.jsonl --lines -o found.ctm\n"
      "  wav2vec compare-times found.ctm programmes/lines.ctm\n"
      "For each programme a .flac, its .srt and .txt; for all of them programmes.jsonl and lines.ctm.");
  return {app, [options] { return run(*options); }};
}

}  // namespace wav2vec::app
