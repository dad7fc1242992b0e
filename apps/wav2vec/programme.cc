// wav2vec programme: recordings of minutes whose every line is known to the frame.

#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "choices.h"
#include "commands.h"
#include "stop_signal.h"
#include "wav2vec/audio/audio_writer.h"
#include "wav2vec/core/file.h"
#include "wav2vec/programme/programme.h"
#include "wav2vec/train/progress.h"

namespace wav2vec::app {
namespace {

struct Options {
  std::vector<std::string> manifests;
  std::string out;
  double minutes = 5.0;
  int64_t count = 1;
  ProgrammeOptions programme;
};

std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  }
  return text;
}

ExitCode run(const Options& options) {
  namespace fs = std::filesystem;
  const Manifest utterances = read_manifests(options.manifests);
  const fs::path folder = options.out;
  make_writable_folder(folder);
  catch_stop_signals("stopping after this programme");
  Manifest written;
  std::string truth;
  Progress progress("programme", "programmes", options.count);
  for (int64_t n = 1; n <= options.count && !stop_requested(); ++n) {
    ProgrammeOptions one = options.programme;
    one.seconds = options.minutes * 60.0;
    one.seed = options.programme.seed + static_cast<uint64_t>(n - 1);
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
  ProgrammeOptions& p = options->programme;
  app->add_option("--utterances", options->manifests, "manifests with texts")->required();
  app->add_option("--out", options->out, "folder to write")->required()->check(not_empty());
  app->add_option("--minutes", options->minutes, "of each programme")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 600.0));
  app->add_option("--count", options->count, "programmes")
      ->capture_default_str()
      ->check(CLI::Range(1, 10000));
  app->add_option("--seed", p.seed, "of the first; each has the next")->capture_default_str();
  add_choice(*app, "--bed", p.bed, kNoiseBedNames, "what lies below the speech");
  app->add_option("--snr-db", p.snr_db, "of speech over the bed")
      ->capture_default_str()
      ->check(CLI::Range(-20.0, 60.0));
  app->add_flag("--telephone", p.telephone, "300 to 3400 Hz");
  app->footer(
      "Example:\n"
      "  wav2vec programme --utterances test.tsv --minutes 5 --count 6 --bed music --out programmes\n"
      "  wav2vec align --manifest programmes/programmes.jsonl --lines -o found.ctm\n"
      "  wav2vec compare-times found.ctm programmes/lines.ctm\n"
      "For each programme a .flac, its .srt and .txt; for all of them programmes.jsonl and lines.ctm.");
  return {app, [options] { return run(*options); }};
}

}  // namespace wav2vec::app
