#include "data/batch_decoder.h"

#include <fmt/format.h>

#include <algorithm>

#include "wav2vec/audio/audio_reader.h"
#include "wav2vec/audio/normalize.h"
#include "wav2vec/core/escape.h"

namespace wav2vec {

std::vector<float> read_part(const Utterance& utterance, const DataConfig& config, AudioCache* cache,
                             double offset_seconds, double duration_seconds) {
  const double start = utterance.start_seconds + offset_seconds;
  if (cache != nullptr) return cache->read(utterance.audio, start, duration_seconds);
  return read_audio(utterance.audio, audio_options(config), start, duration_seconds).samples;
}

namespace {

std::vector<float> read_crop(const Utterance& u, const DataConfig& config, const BatchItem& item,
                             AudioCache* cache) {
  const auto rate = static_cast<double>(config.sample_rate);
  const double crop_start = static_cast<double>(item.crop_start_samples) / rate;
  const double crop_duration = static_cast<double>(item.crop_samples) / rate;
  try {
    std::vector<float> crop = read_part(u, config, cache, crop_start, crop_duration);
    if (std::ssize(crop) >= config.min_samples || item.crop_start_samples == 0) return crop;
  } catch (const AudioError& error) {
    if (error.fault() != AudioFault::empty || item.crop_start_samples == 0) throw;
  }
  // The crop lies behind the real end: the last crop of what is there.
  std::vector<float> all = read_part(u, config, cache, 0.0, u.duration_seconds);
  const int64_t start = std::clamp<int64_t>(std::ssize(all) - item.crop_samples, 0, item.crop_start_samples);
  all.erase(all.begin(), all.begin() + start);
  all.resize(static_cast<size_t>(std::min<int64_t>(std::ssize(all), item.crop_samples)));
  return all;
}

/// [items, row_samples], zeros behind the ends; items without samples have no row.
std::vector<float> side_by_side(const std::vector<DecodedItem>& items, std::vector<float> DecodedItem::*part,
                                int64_t row_samples) {
  std::vector<float> rows;
  for (const DecodedItem& item : items) {
    if ((item.*part).empty()) continue;
    rows.insert(rows.end(), (item.*part).begin(), (item.*part).end());
    rows.resize(rows.size() + static_cast<size_t>(row_samples - std::ssize(item.*part)), 0.0F);
  }
  return rows;
}

}  // namespace

DecodedItem decode_item(const Manifest& manifest, const DataConfig& config, const BatchItem& item,
                        AudioCache* cache) {
  const Utterance& u = manifest.utterances[static_cast<size_t>(item.utterance)];
  DecodedItem decoded;
  decoded.utterance = item.utterance;
  try {
    decoded.samples = read_crop(u, config, item, cache);
    const int64_t decoded_samples = std::ssize(decoded.samples);
    if (decoded_samples < config.min_samples) {
      decoded.samples.clear();
      decoded.failure =
          fmt::format("{}: {} samples, fewer than min_samples ({}), although the manifest says more",
                      printable(u.audio.string()), decoded_samples, config.min_samples);
    }
  } catch (const DataError& error) {
    decoded.failure = error.what();
  }
  if (config.normalize) normalize_waveform(decoded.samples);
  return decoded;
}

void augment_item(const AugmentConfig& config, const DataConfig& data, const AugmentationKey& key,
                  const NoiseSource& noise, DecodedItem& item) {
  if (!config.enabled() || item.samples.empty()) return;
  std::vector<float> augmented = augment_waveform(item.samples, data.sample_rate, config, key, noise);
  if (data.normalize) normalize_waveform(augmented);
  (config.apply_to == AugmentedPart::both ? item.samples : item.augmented) = std::move(augmented);
}

AudioBatch collate(const std::vector<DecodedItem>& items) {
  AudioBatch batch;
  for (const DecodedItem& item : items)
    batch.max_samples = std::max(batch.max_samples, std::ssize(item.samples));
  for (const DecodedItem& item : items) {
    if (item.samples.empty()) continue;
    batch.utterances.push_back(item.utterance);
    batch.lengths.push_back(std::ssize(item.samples));
  }
  batch.samples = side_by_side(items, &DecodedItem::samples, batch.max_samples);
  batch.augmented = side_by_side(items, &DecodedItem::augmented, batch.max_samples);
  return batch;
}

}  // namespace wav2vec
