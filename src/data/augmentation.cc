#include "wav2vec/data/augmentation.h"

#include <algorithm>
#include <cmath>

#include "wav2vec/audio/add_noise.h"
#include "wav2vec/audio/band_reject.h"
#include "wav2vec/audio/pitch_shift.h"
#include "wav2vec/audio/reverb.h"

namespace wav2vec {
namespace {

/// Last coordinate of the streams. Saved runs resume by these numbers.
enum class Effect : uint64_t { pitch = 0, reverb = 1, noise = 2, band_reject = 3, gain = 4 };

/// What is drawn for one effect, by position in its stream.
constexpr uint64_t kWhether = 0;
constexpr uint64_t kStrength = 1;
constexpr uint64_t kPlace = 2;
constexpr uint64_t kContent = 3;  ///< key of the stream for impulse response or noise

RandomStream stream_of(const AugmentationKey& key, Effect effect) {
  return {key.seed,
          RandomUse::augmentation,
          {static_cast<uint64_t>(key.epoch), static_cast<uint64_t>(key.utterance),
           static_cast<uint64_t>(effect)}};
}

double between(double least, double most, double uniform) { return least + (most - least) * uniform; }

Room draw_room(const AugmentConfig& config, const RandomStream& random) {
  return {between(config.reverb_min_seconds, config.reverb_max_seconds, random.uniform(kStrength)),
          between(config.reverb_min_direct_db, config.reverb_max_direct_db, random.uniform(kPlace))};
}

RandomStream content_of(const RandomStream& random) {
  return {random.bits(kContent), RandomUse::augmentation, {}};
}

/// Width uniform up to the widest, then the place uniform among those that lie within the spectrum.
std::vector<float> reject_drawn_band(std::span<const float> samples, int64_t sample_rate_hz,
                                     double widest_mel, const RandomStream& random) {
  const double top = mel_from_hz(static_cast<double>(sample_rate_hz) / 2.0);
  const double width = std::min(widest_mel, top) * random.uniform(kStrength);
  const double from = (top - width) * random.uniform(kPlace);
  return reject_band(samples, sample_rate_hz, hz_from_mel(from), hz_from_mel(from + width));
}

}  // namespace

std::vector<float> augment_waveform(std::span<const float> samples, int64_t sample_rate_hz,
                                    const AugmentConfig& config, const AugmentationKey& key,
                                    const NoiseSource& noise) {
  std::vector<float> out(samples.begin(), samples.end());
  const auto with = [&](Effect effect, double probability, const auto& apply) {
    const RandomStream random = stream_of(key, effect);
    if (random.uniform(kWhether) < probability) apply(random);
  };
  with(Effect::pitch, config.pitch_probability, [&](const RandomStream& random) {
    const double cents = between(-config.pitch_cents, config.pitch_cents, random.uniform(kStrength));
    out = shift_pitch(out, sample_rate_hz, cents);
  });
  with(Effect::reverb, config.reverb_probability, [&](const RandomStream& random) {
    out = reverberate(out, room_response(draw_room(config, random), sample_rate_hz, content_of(random)));
  });
  with(Effect::noise, config.noise_probability, [&](const RandomStream& random) {
    const double snr_db =
        between(config.noise_min_snr_db, config.noise_max_snr_db, random.uniform(kStrength));
    add_noise(out, noise(std::ssize(out), content_of(random)), snr_db);
  });
  with(Effect::band_reject, config.band_reject_probability, [&](const RandomStream& random) {
    out = reject_drawn_band(out, sample_rate_hz, config.band_reject_mel, random);
  });
  with(Effect::gain, config.gain_probability, [&](const RandomStream& random) {
    const double gain_db = between(-config.gain_db, config.gain_db, random.uniform(kStrength));
    for (float& x : out) x *= static_cast<float>(std::pow(10.0, gain_db / 20.0));
  });
  return out;
}

}  // namespace wav2vec
