// wav2vec transcribe: the letters or phones that a head hears.

#include <fmt/format.h>

#include <memory>
#include <optional>

#include "choices.h"
#include "commands.h"
#include "default_model.h"
#include "stop_signal.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/log.h"
#include "wav2vec/decode/ctc_decoder.h"
#include "wav2vec/extract/decoded_waveform.h"
#include "wav2vec/head/head_model.h"
#include "wav2vec/text/token_set.h"

namespace wav2vec::app {
namespace {

struct Options {
  std::vector<std::string> media;
  std::string model;
  int64_t beam = 1;
  std::string lm;
  double lm_weight = 1.0;
  double word_bonus = 0.0;
};

/// What is said in a recording, by the best path, or by a beam with a word model.
class Reader {
 public:
  Reader(const Options& options, TokenKind kind) : beam_(options.beam), kind_(kind) {
    if (options.lm.empty()) return;
    if (beam_ < 2) throw ConfigError("--lm needs a beam; give --beam 32");
    if (kind == TokenKind::phones)
      throw ConfigError("--lm knows words in letters, and this head hears phones; leave it out");
    lm_.emplace(ArpaModel::read(options.lm));
    words_.model = &*lm_;
    for (int token = 0; token < token_count(kind); ++token)
      words_.class_names.emplace_back(token_name(kind, token));
    words_.separator = kGapToken;
    words_.weight = options.lm_weight;
    words_.word_bonus = options.word_bonus;
  }

  std::string read(const RecordingScores& scores) const {
    const float* rows = scores.letters.data();
    // Where paths are not added, the best one wins any beam unless a word model says otherwise.
    const std::vector<int32_t> labels = lm_ ? ctc_beam_search(rows, scores.frames, scores.tokens,
                                                              {.beam = beam_, .add_paths = false}, &words_)
                                                  .front()
                                                  .labels
                                            : ctc_best_path(rows, scores.frames, scores.tokens);
    const std::string text = text_of_tokens(kind_, labels);
    const size_t first = text.find_first_not_of(' ');
    return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(' ') - first + 1);
  }

 private:
  int64_t beam_;
  TokenKind kind_;
  std::optional<ArpaModel> lm_;
  CtcWordModel words_;
};

ExitCode run(const Options& options) {
  HeadModel model(head_or_default(options.model));
  const Reader reader(options, model.info().tokens);
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
      const std::string text = reader.read(scores);
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
  CLI::App* app = program.add_subcommand("transcribe", "The letters or phones that a head hears");
  auto options = std::make_shared<Options>();
  app->add_option("media", options->media, "recordings")->required();
  app->add_option("--model", options->model,
                  "run or checkpoint of train-head, instead of the head that is shipped");
  app->add_option(
         "--beam", options->beam,
         "letter sequences kept by the search with --lm; without it the best letter of every frame counts")
      ->capture_default_str()
      ->check(CLI::Range(1, 10000));
  app->add_option("--lm", options->lm, "word language model in ARPA's form, in lower case");
  app->add_option("--lm-weight", options->lm_weight, "of its logarithms")->capture_default_str();
  app->add_option("--word-bonus", options->word_bonus, "added for every word")->capture_default_str();
  app->footer(
      "Example:\n"
      "  wav2vec transcribe question.flac --beam 32 --lm words.arpa\n"
      "Without a language model it shows what the features carry.");
  return {app, [options] { return run(*options); }};
}

}  // namespace wav2vec::app
