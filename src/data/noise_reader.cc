#include "data/noise_reader.h"

#include <algorithm>
#include <cmath>

#include "data/batch_decoder.h"
#include "wav2vec/audio/add_noise.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/log.h"
#include "wav2vec/core/say_once.h"

namespace wav2vec {
namespace {

// Positions in the stream of a part.
constexpr uint64_t kWhich = 0;
constexpr uint64_t kWhere = 1;

/// -1 where there is none to draw.
int64_t draw_utterance(const NoiseCorpus& corpus, const RandomStream& random) {
  const int64_t count = std::ssize(corpus.manifest.utterances) - (corpus.left_out >= 0 ? 1 : 0);
  if (count <= 0) return -1;
  const auto drawn = static_cast<int64_t>(random.below(kWhich, static_cast<uint64_t>(count)));
  return corpus.left_out >= 0 && drawn >= corpus.left_out ? drawn + 1 : drawn;
}

}  // namespace

std::vector<float> read_random_part(const NoiseCorpus& corpus, int64_t samples, const RandomStream& random) {
  const int64_t index = draw_utterance(corpus, random);
  if (index < 0 || corpus.lengths[static_cast<size_t>(index)] <= 0) return {};
  const auto room =
      static_cast<uint64_t>(std::max<int64_t>(0, corpus.lengths[static_cast<size_t>(index)] - samples));
  const auto rate = static_cast<double>(corpus.config.sample_rate);
  const double start = static_cast<double>(random.below(kWhere, room + 1)) / rate;
  const Utterance& utterance = corpus.manifest.utterances[static_cast<size_t>(index)];
  try {
    std::vector<float> part =
        read_part(utterance, corpus.config, corpus.cache, start, static_cast<double>(samples) / rate);
    part.resize(std::min(part.size(), static_cast<size_t>(samples)));
    return part;
  } catch (const DataError& error) {
    if (first_time("noise " + utterance.audio.string()))
      log_warning(std::string("no noise from this file: ") + error.what());
    return {};
  }
}

std::vector<float> read_babble(const NoiseCorpus& corpus, int64_t samples, int64_t talkers,
                               const RandomStream& random) {
  std::vector<float> babble;
  for (int64_t talker = 0; talker < talkers; ++talker) {
    const RandomStream own(random.bits(static_cast<uint64_t>(talker)), RandomUse::augmentation, {});
    const std::vector<float> part = read_random_part(corpus, samples, own);
    const double power = mean_power(part);
    if (power == 0.0) continue;
    const auto scale = static_cast<float>(1.0 / std::sqrt(power));
    babble.resize(static_cast<size_t>(samples), 0.0F);
    for (size_t i = 0; i < babble.size(); ++i) babble[i] += scale * part[i % part.size()];
  }
  return babble;
}

}  // namespace wav2vec
