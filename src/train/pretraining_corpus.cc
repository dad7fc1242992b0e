#include "train/pretraining_corpus.h"

#include <fmt/format.h>

#include <string>

#include "wav2vec/core/error.h"
#include "wav2vec/core/hash.h"
#include "wav2vec/data/lengths.h"
#include "wav2vec/data/split.h"

namespace wav2vec {
namespace {

// Folders may move, so paths count by their last part.
uint64_t hash_of(const Manifest& manifest) {
  uint64_t hash = fnv1a64("");
  for (const Utterance& u : manifest.utterances) {
    hash = fnv1a64(fmt::format("{}\n{}\n{}\n{}\n", u.audio.filename().string(), u.start_seconds,
                               u.duration_seconds, u.samples),
                   hash);
  }
  return hash;
}

}  // namespace

PretrainingCorpus load_pretraining_corpus(const PretrainRecipe& recipe) {
  if (recipe.data.train.empty())
    throw ConfigError("[data] train: no manifest; name one, for example --set 'data.train=[\"train.tsv\"]'");
  PretrainingCorpus corpus;
  Manifest all = read_manifests(recipe.data.train);
  // The share that is held out is one of duration; what cannot be read is named by the loader.
  fill_lengths(all, audio_options(recipe.data), recipe.data.loader_threads);
  if (!recipe.data.valid.empty()) {
    corpus.train = std::move(all);
    corpus.valid = read_manifests(recipe.data.valid);
  } else {
    auto parts = split_manifest(all, recipe.data.valid_fraction, static_cast<uint64_t>(recipe.train.seed));
    corpus.train = std::move(parts.train);
    corpus.valid = std::move(parts.valid);
  }
  corpus.hash = fnv1a64(std::to_string(hash_of(corpus.train)) + " " + std::to_string(hash_of(corpus.valid)));
  if (recipe.augment.enabled() && !recipe.augment.noise.empty()) {
    corpus.noise = read_manifests(recipe.augment.noise);
    corpus.hash = fnv1a64(std::to_string(hash_of(corpus.noise)), corpus.hash);
  }
  return corpus;
}

}  // namespace wav2vec
