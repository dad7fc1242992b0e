// wav2vec synthesise: speech of which the time of every word and phone is known.

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>

#include "choices.h"
#include "commands.h"
#include "stop_signal.h"
#include "wav2vec/audio/audio_writer.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"
#include "wav2vec/core/log.h"
#include "wav2vec/core/text_lines.h"
#include "wav2vec/data/manifest.h"
#include "wav2vec/synthesis/synthesise.h"
#include "wav2vec/train/progress.h"

namespace wav2vec::app {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> texts;
  std::vector<std::string> voices;
  std::string language = "en";
  std::string out;
  int64_t count = 0;
  double most_seconds = 30.0;
  SynthesisOptions synthesis;
};

/// The lines of .txt files, the texts of manifests.
std::vector<std::string> texts_of(const std::vector<std::string>& paths) {
  std::vector<std::string> texts;
  for (const std::string& path : paths) {
    if (fs::path(path).extension() == ".txt") {
      TextLines lines(path, uint64_t{1} << 30);
      for (std::string_view line; lines.next(line);) texts.emplace_back(line);
      continue;
    }
    for (const Utterance& utterance : read_manifest(path).utterances) {
      if (!utterance.text.empty()) texts.push_back(utterance.text);
    }
  }
  if (texts.empty())
    throw DataError(
        fmt::format("{}: no text; expected a line at least, or a column \"text\"", printable(paths.front())));
  return texts;
}

/// Nobody speaks faster than this.
constexpr double kMostBytesPerSecond = 200.0;

/// A CTM has blanks between its fields.
std::string name_of_set(const fs::path& folder) {
  std::error_code error;
  const fs::path whole = fs::weakly_canonical(folder, error);
  std::string name = whole.filename().string();
  for (char& c : name) {
    if (static_cast<unsigned char>(c) <= ' ') c = '_';
  }
  return name.empty() ? "set" : name;
}

void append_ctm(std::string& ctm, const std::string& id, const std::vector<TimedLabel>& labels) {
  for (const TimedLabel& label : labels)
    ctm +=
        fmt::format("{} 1 {:.4f} {:.4f} {}\n", id, label.start_seconds, label.duration_seconds, label.label);
}

ExitCode run(const Options& options) {
  const std::vector<std::string> texts = texts_of(options.texts);
  const TextReader reader(TextOptions{.language = options.language, .max_readings = 1});
  const fs::path folder = options.out;
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_empty(folder, error))
    throw ConfigError(fmt::format("{}: is not empty; choose a new folder for --out", printable(options.out)));
  // Before any other thread is started: espeak-ng has some.
  catch_stop_signals("stopping after this text");
  std::vector<NamedVoice> voices;
  for (const std::string& name : options.voices) voices.push_back({name, open_voice(name)});
  make_writable_folder(folder);
  const std::string set = name_of_set(folder);
  const int64_t count = options.count > 0 ? options.count : std::ssize(texts);
  Manifest written;
  std::string words;
  std::string phones;
  int64_t with_words = 0;
  int64_t failed = 0;
  int64_t unspoken = 0;
  int64_t too_long = 0;
  Progress progress("synthesise", "texts", count);
  for (int64_t n = 0; n < count && !stop_requested(); ++n) {
    const std::string& text = texts[static_cast<size_t>(n) % texts.size()];
    std::optional<SynthesisedUtterance> said;
    // What is said is known to be too long when it is said: for a line of a megabyte that is too late.
    if (static_cast<double>(text.size()) > kMostBytesPerSecond * options.most_seconds) {
      ++too_long;
      continue;
    }
    try {
      said = synthesise(text, n, voices, reader, options.synthesis);
    } catch (const DataError& problem) {
      log_warning(fmt::format("\"{}\": {}; left out", printable(text.substr(0, 60)), problem.what()));
      ++failed;
      continue;
    }
    if (!said) {
      ++unspoken;
      continue;
    }
    const SynthesisedUtterance& one = *said;
    const double seconds =
        static_cast<double>(one.samples.size()) / static_cast<double>(options.synthesis.sample_rate_hz);
    if (seconds > options.most_seconds) {
      ++too_long;
      continue;
    }
    Utterance& utterance = written.utterances.emplace_back();
    utterance.id = fmt::format("{}_{:06}", set, n + 1);
    utterance.audio = fs::absolute(folder / fmt::format("{:06}.flac", n + 1));
    utterance.samples = std::llround(seconds * static_cast<double>(kManifestRateHz));
    utterance.text = one.text;
    utterance.speaker = one.speaker;
    write_audio(utterance.audio, one.samples, options.synthesis.sample_rate_hz);
    append_ctm(phones, utterance.id, one.phones);
    if (one.words && !one.words->empty()) {
      append_ctm(words, utterance.id, *one.words);
      ++with_words;
    }
    progress.update(n + 1, {}, written.known_seconds());
  }
  progress.finish();
  if (written.utterances.empty()) {
    throw DataError(fmt::format(
        "{}: no utterance: {} of the texts are longer than --max-seconds, in {} nothing is spoken, "
        "{} could not be said",
        printable(options.texts.front()), too_long, unspoken, failed));
  }
  write_file(folder / "words.ctm", words);
  write_file(folder / "phones.ctm", phones);
  write_manifest_jsonl(folder / "manifest.jsonl", written);
  fmt::print("{}: {} utterances, {:.1f} min; {} with the times of their words", options.out,
             written.utterances.size(), 60.0 * written.hours(), with_words);
  if (too_long > 0) fmt::print("; {} longer than {:g} s left out", too_long, options.most_seconds);
  if (unspoken > 0) fmt::print("; {} in which nothing is spoken left out", unspoken);
  if (failed > 0) fmt::print("; {} could not be said", failed);
  fmt::print("\n");
  if (stop_requested()) return ExitCode::interrupted;
  return failed > 0 ? ExitCode::some_inputs_failed : ExitCode::ok;
}

void add_range(CLI::App& app, const std::string& flag, Range& range, const std::string& help) {
  app.add_option_function<std::pair<double, double>>(
         flag,
         [&range, flag](const std::pair<double, double>& given) {
           if (!(given.first > 0.2 && given.first <= given.second && given.second < 5.0))
             throw CLI::ValidationError(flag,
                                        "expected two numbers between 0.2 and 5, the smaller one first");
           range = {given.first, given.second};
         },
         help)
      ->default_str(fmt::format("{:g} {:g}", range.least, range.most))
      ->type_name("LEAST MOST");
}

}  // namespace

Command add_synthesise(CLI::App& program) {
  CLI::App* app =
      program.add_subcommand("synthesise", "Speech with exact times of words and phones, from texts");
  auto options = std::make_shared<Options>();
  app->add_option("--texts", options->texts,
                  "what is said: .txt files, a text a line, or manifests with texts")
      ->required();
  app->add_option("--voice", options->voices,
                  "voices, drawn for each text: flite:slt (awb, kal, kal16, rms), espeak:en-us+f3 (espeak-ng "
                  "--voices), "
                  "festival:kal_diphone")
      ->required();
  app->add_option("--language", options->language, "of the texts")->capture_default_str();
  app->add_option("--out", options->out, "folder to write")->required()->check(not_empty());
  app->add_option(
         "--count", options->count,
         "utterances; beyond the number of texts they come again in other voices; 0 = one for each text")
      ->capture_default_str()
      ->check(CLI::Range(0, 10'000'000));
  app->add_option("--max-seconds", options->most_seconds, "longer ones are left out")
      ->capture_default_str()
      ->check(number_in(0.1, 3600.0));
  add_range(*app, "--tempo", options->synthesis.tempo,
            "how fast, 2 = twice as fast as the voice is; drawn for each text");
  add_range(*app, "--pitch", options->synthesis.pitch, "2 = an octave higher (festival: as it is)");
  add_range(*app, "--resonance", options->synthesis.resonance, "1.1 = a vocal tract that is a tenth shorter");
  app->add_option("--seed", options->synthesis.seed, "of the draws")->capture_default_str();
  app->footer(
      "Example:\n"
      "  wav2vec synthesise --texts train.jsonl --voice flite:slt flite:rms espeak:en-us+f3 --out synthetic\n"
      "  wav2vec train-head … --train train.jsonl synthetic/manifest.jsonl --set "
      "'text.word_times=[\"synthetic/words.ctm\"]'\n"
      "In the folder: a .flac for each text, manifest.jsonl, words.ctm and phones.ctm. Texts whose words the "
      "voice and\n"
      "this program divide otherwise (numbers; words said as one) stand in the manifest, not in words.ctm.");
  return {app, [options] { return run(*options); }};
}

}  // namespace wav2vec::app
