// wav2vec transcribe: the letters that a head hears.

#include <fmt/format.h>

#include <memory>

#include "choices.h"
#include "commands.h"
#include "stop_signal.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/log.h"
#include "wav2vec/extract/decoded_waveform.h"
#include "wav2vec/head/head_model.h"
#include "wav2vec/head/letters_heard.h"
#include "wav2vec/text/character_tokens.h"

namespace wav2vec::app {
namespace {

struct Options {
  std::vector<std::string> media;
  std::string model;
};

ExitCode run(const Options& options) {
  if (options.model.empty()) throw ConfigError("--model is missing; give a run of wav2vec train-head");
  HeadModel model(options.model);
  catch_stop_signals("stopping");
  int64_t failed = 0;
  for (const std::string& path : options.media) {
    try {
      Utterance utterance;
      utterance.audio = path;
      const auto audio = decode_utterance(utterance, {.sample_rate_hz = model.info().sample_rate_hz}, {});
      const RecordingScores scores =
          model.scores(audio->source(), [](int64_t /*frames*/) { return !stop_requested(); });
      if (stop_requested()) return ExitCode::interrupted;
      const std::string text =
          decode(read_greedily(scores.letters.data(), scores.frames, scores.tokens).tokens);
      if (options.media.size() > 1)
        fmt::print("{}\t{}\n", printable(path), text);
      else
        fmt::print("{}\n", text);
    } catch (const DataError& error) {
      log_warning(error.what());
      ++failed;
    }
  }
  return failed == 0 ? ExitCode::ok : ExitCode::some_inputs_failed;
}

}  // namespace

Command add_transcribe(CLI::App& program) {
  CLI::App* app = program.add_subcommand("transcribe", "The letters that a head hears");
  auto options = std::make_shared<Options>();
  app->add_option("media", options->media, "recordings")->required();
  app->add_option("--model", options->model, "run or checkpoint of train-head");
  app->footer(
      "Example:\n"
      "  wav2vec transcribe --model runs/head question.flac\n"
      "The best letter of every frame, without a dictionary or language model: it shows what the features "
      "carry.");
  return {app, [options] { return run(*options); }};
}

}  // namespace wav2vec::app
