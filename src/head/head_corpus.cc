#include "wav2vec/head/head_corpus.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

#include "wav2vec/audio/audio_reader.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/hash.h"
#include "wav2vec/core/text_lines.h"
#include "wav2vec/data/lengths.h"
#include "wav2vec/data/split.h"
#include "wav2vec/text/text_reader.h"
#include "wav2vec/text/token_reader.h"
#include "wav2vec/text/token_set.h"

namespace wav2vec {
namespace {

// Times that end further behind the audio belong to something else.
constexpr double kMostOverrunSeconds = 0.5;

/// Texts by language, and the times of words by utterance.
class Transcripts {
 public:
  Transcripts(const HeadTextConfig& config, const FrameTimes& frame_times)
      : config_(config), frame_times_(frame_times) {
    for (const std::string& path : config.word_times) times_.push_back(read_ctm(path));
    for (const std::string& path : config.phone_times) phones_.push_back(read_ctm(path));
  }

  /// Of all files together.
  LabelClasses phone_classes() const {
    Alignment all;
    for (const Alignment& alignment : phones_)
      all.utterances.insert(alignment.utterances.begin(), alignment.utterances.end());
    return label_classes(all);
  }

  SpokenText read(const Utterance& utterance, const std::string& language) {
    const TokenText read = reader_of(language).read(utterance.text);
    SpokenText text = spoken_text(usual_tokens(read));
    add_times(text, usual_letters(read), utterance);
    for (const Alignment& alignment : phones_) {
      const std::vector<TimedLabel>* labels = alignment.find(utterance.id);
      if (labels != nullptr) text.phones = *labels;
    }
    return text;
  }

 private:
  const TokenReader& reader_of(const std::string& language) {
    std::unique_ptr<TokenReader>& reader = readers_[language];
    if (!reader) {
      reader = std::make_unique<TokenReader>(
          TextOptions{.language = language, .max_readings = 1, .invalid_utf8 = InvalidUtf8::replace},
          config_.tokens);
    }
    return *reader;
  }

  // Only where the words are those of the text: an aligner's text may have been changed by hand.
  void add_times(SpokenText& text, std::string_view letters, const Utterance& utterance) {
    for (const Alignment& alignment : times_) {
      const std::vector<TimedLabel>* labels = alignment.find(utterance.id);
      if (labels == nullptr) continue;
      std::vector<TimedLabel> words = word_labels(*labels);
      if (words.size() != text.words.size()) return;
      const double seconds = static_cast<double>(utterance.samples) / static_cast<double>(kManifestRateHz);
      if (utterance.samples >= 0 && !words.empty() &&
          words.back().end_seconds() > seconds + kMostOverrunSeconds)
        return;
      for (size_t i = 0; i < words.size(); ++i) {
        if (words[i].duration_seconds <= 0.0 || words[i].duration_seconds > config_.longest_word_seconds)
          return;
        const auto [written, behind] = split_word(letters);
        if (fold(words[i].label) != written) return;
        letters = behind;
      }
      if (!split_word(letters).word.empty()) return;
      set_times(text, std::move(words), frame_times_, config_.word_tolerance_seconds);
      return;
    }
  }

  std::string fold(const std::string& label) { return default_reading(fold_reader_.read(label)).text; }

  const HeadTextConfig& config_;
  FrameTimes frame_times_;
  std::vector<Alignment> times_;
  std::vector<Alignment> phones_;
  std::map<std::string, std::unique_ptr<TokenReader>> readers_;
  TextReader fold_reader_{{.language = "en", .max_readings = 1, .invalid_utf8 = InvalidUtf8::replace}};
};

// Ids of several manifests may be the same.
std::string place_of(const Utterance& utterance) {
  return utterance.audio.string() + segment_suffix(utterance);
}

uint64_t hash_of(const HeadPart& part, TokenKind tokens, uint64_t hash) {
  for (size_t i = 0; i < part.texts.size(); ++i) {
    const Utterance& u = part.manifest.utterances[i];
    hash =
        fnv1a64(fmt::format("{}\n{}\n{}\n{}\n", u.audio.filename().string(), u.samples,
                            text_of_tokens(tokens, part.texts[i].tokens), part.texts[i].has_times() ? 1 : 0) +
                    std::to_string(part.texts[i].phones.size()),
                hash);
  }
  return hash;
}

}  // namespace

int64_t HeadPart::with_times() const {
  return std::ranges::count_if(texts, [](const SpokenText& text) { return text.has_times(); });
}

HeadCorpus load_head_corpus(const HeadRecipe& recipe, const FrameTimes& frame_times) {
  if (recipe.data.train.empty())
    throw ConfigError("[data] train: no manifest; name one, for example --set 'data.train=[\"train.tsv\"]'");
  HeadCorpus corpus;
  Transcripts transcripts(recipe.text, frame_times);
  corpus.phones = transcripts.phone_classes();
  size_t language = 0;
  const auto read_part = [&](const std::vector<std::string>& paths) {
    HeadPart part;
    for (const std::string& path : paths) {
      Manifest manifest = read_manifest(path);
      fill_lengths(manifest, audio_options(recipe.data), recipe.data.loader_threads);
      const std::string& spoken =
          recipe.text.languages.size() == 1 ? recipe.text.languages[0] : recipe.text.languages[language];
      ++language;
      for (Utterance& utterance : manifest.utterances) {
        if (utterance.samples > recipe.data.crop_samples) {
          ++corpus.too_long;
          continue;
        }
        SpokenText text = transcripts.read(utterance, spoken);
        if (text.empty()) {
          ++corpus.without_text;
          continue;
        }
        part.manifest.utterances.push_back(std::move(utterance));
        part.texts.push_back(std::move(text));
      }
    }
    return part;
  };
  corpus.train = read_part(recipe.data.train);
  corpus.valid = read_part(recipe.data.valid);
  if (recipe.data.valid.empty()) {
    std::map<std::string, SpokenText> texts;
    for (size_t i = 0; i < corpus.train.texts.size(); ++i)
      texts[place_of(corpus.train.manifest.utterances[i])] = std::move(corpus.train.texts[i]);
    ManifestSplit split = split_manifest(corpus.train.manifest, recipe.data.valid_fraction,
                                         static_cast<uint64_t>(recipe.train.seed));
    const auto with_texts = [&](Manifest manifest) {
      HeadPart part{std::move(manifest), {}};
      for (const Utterance& u : part.manifest.utterances)
        part.texts.push_back(std::move(texts.at(place_of(u))));
      return part;
    };
    corpus.train = with_texts(std::move(split.train));
    corpus.valid = with_texts(std::move(split.valid));
  }
  if (corpus.train.texts.empty()) {
    throw DataError(
        fmt::format("[data] train: no utterance is left: {} are longer than data.crop_samples, {} have no "
                    "text with letters (a column \"text\")",
                    corpus.too_long, corpus.without_text));
  }
  corpus.hash =
      hash_of(corpus.valid, recipe.text.tokens, hash_of(corpus.train, recipe.text.tokens, fnv1a64("")));
  return corpus;
}

}  // namespace wav2vec
