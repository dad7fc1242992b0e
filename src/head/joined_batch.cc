#include "wav2vec/head/joined_batch.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "wav2vec/audio/add_noise.h"
#include "wav2vec/audio/noise_bed.h"
#include "wav2vec/core/draws.h"
#include "wav2vec/text/token_set.h"

namespace wav2vec {
namespace {

constexpr int64_t kPoolSeconds = 60;
constexpr uint64_t kBedsOfAKind = 6;
// Frames by which the text of an utterance without times may reach into its pauses.
constexpr int64_t kReachFrames = 5;
constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

/// A recording that grows.
struct Recording {
  std::vector<float> samples;
  SpokenText text;
  int64_t first_utterance = 0;

  bool empty() const { return text.tokens.empty(); }
};

void add_pause(Recording& recording, const JoinConfig& config, const JoinGeometry& geometry, Draws& draws) {
  const double longest = config.longest_pause_seconds * static_cast<double>(geometry.sample_rate_hz);
  // Short pauses are the most frequent ones.
  const double share = draws.uniform();
  const auto hops = static_cast<int64_t>(share * share * longest / static_cast<double>(geometry.hop_samples));
  const int64_t whole = (std::ssize(recording.samples) + geometry.hop_samples - 1) / geometry.hop_samples;
  const double start =
      static_cast<double>(recording.samples.size()) / static_cast<double>(geometry.sample_rate_hz);
  recording.samples.resize(static_cast<size_t>((whole + hops) * geometry.hop_samples), 0.0F);
  const double end =
      static_cast<double>(recording.samples.size()) / static_cast<double>(geometry.sample_rate_hz);
  if (end > start) recording.text.phones.push_back({start, end - start, "SIL"});
}

void add_text(Recording& recording, const SpokenText& text, int64_t first_frame, int64_t frames,
              double start_seconds) {
  SpokenText& joined = recording.text;
  const auto moved = [&](ChainState state) {
    state.first_frame = state.first_frame > 0 ? state.first_frame + first_frame
                                              : std::max<int64_t>(0, first_frame - kReachFrames);
    state.end_frame =
        state.end_frame == kNever ? first_frame + frames + kReachFrames : state.end_frame + first_frame;
    return state;
  };
  TextPart part = text.parts.at(0);
  part.first_frame = first_frame;
  part.end_frame = first_frame + frames;
  if (!joined.parts.empty()) {
    // The pause between two belongs to both by halves.
    const int64_t middle = (joined.parts.back().end_frame + part.first_frame) / 2;
    joined.parts.back().end_frame = part.first_frame = middle;
  } else {
    part.first_frame = 0;
  }
  joined.parts.push_back(std::move(part));
  size_t from = 0;
  if (!joined.tokens.empty()) {
    // The gap behind the text before and that before this one are the same.
    joined.chain.back().end_frame = moved(text.chain.front()).end_frame;
    from = 1;
  }
  for (size_t s = from; s < text.chain.size(); ++s) {
    ChainState state = moved(text.chain[s]);
    state.letter = std::ssize(joined.tokens);
    joined.chain.push_back(state);
    joined.tokens.push_back(text.tokens[s]);
  }
  for (TimedLabel phone : text.phones) {
    phone.start_seconds += start_seconds;
    joined.phones.push_back(std::move(phone));
  }
}

void finish(Recording& recording, const JoinConfig& config, const JoinGeometry& geometry,
            const NoisePool& pool, Draws& draws) {
  recording.text.words = words_of(recording.text.tokens);
  // The ends are silent, however long they are.
  recording.text.chain.front().first_frame = 0;
  recording.text.chain.back().end_frame = kNever;
  recording.text.parts.back().end_frame = kNever;
  const bool labelled = std::ranges::any_of(recording.text.phones,
                                            [](const TimedLabel& phone) { return phone.label != "SIL"; });
  if (!labelled) recording.text.phones.clear();
  std::ranges::stable_sort(recording.text.phones, {}, &TimedLabel::start_seconds);
  if (draws.uniform() < config.noise_probability && !pool.beds.empty()) {
    const std::vector<float>& bed = pool.beds[draws.below(pool.beds.size())];
    const size_t start = draws.below(bed.size());
    std::vector<float> part(bed.begin() + static_cast<std::ptrdiff_t>(start), bed.end());
    part.insert(part.end(), bed.begin(), bed.begin() + static_cast<std::ptrdiff_t>(start));
    add_noise(recording.samples, part, draws.between(config.noise_min_snr_db, config.noise_max_snr_db));
  }
  if (draws.uniform() < config.telephone_probability)
    telephone_band(recording.samples, geometry.sample_rate_hz);
}

}  // namespace

NoisePool make_noise_pool(int64_t sample_rate_hz, uint64_t seed) {
  NoisePool pool;
  for (uint64_t i = 0; i < kBedsOfAKind; ++i) {
    pool.beds.push_back(pink_noise(kPoolSeconds * sample_rate_hz, seed + i));
    pool.beds.push_back(music(kPoolSeconds * sample_rate_hz, sample_rate_hz, seed + i));
  }
  return pool;
}

JoinedBatch join_utterances(AudioBatch batch, std::span<const SpokenText> texts, const JoinConfig& config,
                            const JoinGeometry& geometry, const NoisePool& pool, uint64_t seed) {
  JoinedBatch joined;
  if (!batch.augmented.empty()) batch.samples = std::move(batch.augmented);
  batch.augmented.clear();
  if (config.seconds == 0.0) {
    for (const int64_t utterance : batch.utterances)
      joined.texts.push_back(texts[static_cast<size_t>(utterance)]);
    joined.audio = std::move(batch);
    return joined;
  }
  Draws draws({seed,
               RandomUse::join,
               {static_cast<uint64_t>(batch.epoch), static_cast<uint64_t>(batch.batch_in_epoch)}});
  const auto most_samples =
      static_cast<int64_t>(config.seconds * static_cast<double>(geometry.sample_rate_hz));
  std::vector<Recording> recordings;
  for (int64_t b = 0; b < batch.size(); ++b) {
    const auto i = static_cast<size_t>(b);
    const int64_t length = batch.lengths[i];
    const bool behind = !recordings.empty() &&
                        std::ssize(recordings.back().samples) + length <= most_samples &&
                        draws.uniform() < config.probability;
    if (!behind) {
      if (!recordings.empty()) finish(recordings.back(), config, geometry, pool, draws);
      recordings.emplace_back().first_utterance = batch.utterances[i];
      add_pause(recordings.back(), config, geometry, draws);
    }
    Recording& recording = recordings.back();
    const int64_t start = std::ssize(recording.samples);
    const double gain = std::pow(10.0, draws.between(-config.gain_db, config.gain_db) / 20.0);
    const float* samples = batch.samples.data() + b * batch.max_samples;
    for (int64_t n = 0; n < length; ++n) recording.samples.push_back(static_cast<float>(gain * samples[n]));
    add_text(recording, texts[static_cast<size_t>(batch.utterances[i])], start / geometry.hop_samples,
             length / geometry.hop_samples,
             static_cast<double>(start) / static_cast<double>(geometry.sample_rate_hz));
    add_pause(recording, config, geometry, draws);
  }
  if (!recordings.empty()) finish(recordings.back(), config, geometry, pool, draws);

  AudioBatch& audio = joined.audio;
  audio.failures = std::move(batch.failures);
  audio.epoch = batch.epoch;
  audio.batch_in_epoch = batch.batch_in_epoch;
  for (Recording& recording : recordings) {
    audio.max_samples = std::max(audio.max_samples, std::ssize(recording.samples));
    audio.lengths.push_back(std::ssize(recording.samples));
    audio.utterances.push_back(recording.first_utterance);
    joined.texts.push_back(std::move(recording.text));
  }
  audio.samples.assign(recordings.size() * static_cast<size_t>(audio.max_samples), 0.0F);
  for (size_t i = 0; i < recordings.size(); ++i)
    std::ranges::copy(recordings[i].samples,
                      audio.samples.begin() + static_cast<std::ptrdiff_t>(i) * audio.max_samples);
  return joined;
}

}  // namespace wav2vec
