// The only file that knows flite.

#include <fmt/format.h>

#include "synthesis/engines.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"

#ifdef W2V_HAVE_FLITE

#include <flite/flite.h>

#include <algorithm>
#include <memory>
#include <utility>

// Each voice is a library without a header.
extern "C" {
cst_voice* register_cmu_us_awb(const char*);
cst_voice* register_cmu_us_kal(const char*);
cst_voice* register_cmu_us_kal16(const char*);
cst_voice* register_cmu_us_rms(const char*);
cst_voice* register_cmu_us_slt(const char*);
}

namespace wav2vec {
namespace {

constexpr std::pair<const char*, cst_voice* (*)(const char*)> kVoices[] = {{"awb", register_cmu_us_awb},
                                                                           {"kal", register_cmu_us_kal},
                                                                           {"kal16", register_cmu_us_kal16},
                                                                           {"rms", register_cmu_us_rms},
                                                                           {"slt", register_cmu_us_slt}};
constexpr double kFullScale = 32768.0;

using OwnedUtterance = std::unique_ptr<cst_utterance, void (*)(cst_utterance*)>;

double start_of(const cst_item* segment) {
  const cst_item* before = item_prev(segment);
  return before == nullptr ? 0.0 : static_cast<double>(item_feat_float(before, "end"));
}

double end_of(const cst_item* segment) { return static_cast<double>(item_feat_float(segment, "end")); }

/// From the beginning of its first phone to the end of its last; a word without phones has none.
void add_word(cst_item* word, std::vector<TimedLabel>& words) {
  const cst_item* first = nullptr;
  const cst_item* last = nullptr;
  cst_item* const in_tree = item_as(word, "SylStructure");
  for (cst_item* syllable = item_daughter(in_tree); syllable != nullptr; syllable = item_next(syllable)) {
    for (cst_item* phone = item_daughter(syllable); phone != nullptr; phone = item_next(phone)) {
      last = item_as(phone, "Segment");
      if (first == nullptr) first = last;
    }
  }
  if (first == nullptr) return;
  const double start = start_of(first);
  words.push_back({start, end_of(last) - start, {}});
}

}  // namespace

Voice open_flite_voice(const std::string& name) {
  const auto* const known =
      std::ranges::find_if(kVoices, [&](const auto& voice) { return name == voice.first; });
  if (known == std::end(kVoices))
    throw ConfigError(
        fmt::format("flite has no voice \"{}\"; expected awb, kal, kal16, rms or slt", printable(name)));
  flite_init();
  cst_voice* const voice = known->second(nullptr);
  const auto usual_pitch =
      static_cast<double>(get_param_float(voice->features, "int_f0_target_mean", 100.0F));
  return [voice, usual_pitch](const std::string& text, const VoiceSettings& settings) {
    feat_set_float(voice->features, "duration_stretch", static_cast<float>(1.0 / settings.tempo));
    feat_set_float(voice->features, "int_f0_target_mean", static_cast<float>(usual_pitch * settings.pitch));
    const OwnedUtterance utterance(flite_synth_text(text.c_str(), voice), delete_utterance);
    if (utterance == nullptr) throw DataError("flite cannot say it");
    const cst_wave* const wave = utt_wave(utterance.get());
    VoicedText said;
    said.sample_rate_hz = wave->sample_rate;
    for (int i = 0; i < wave->num_samples; ++i)
      said.samples.push_back(static_cast<float>(wave->samples[i] / kFullScale));
    std::vector<EngineToken> tokens;
    for (cst_item* token = relation_head(utt_relation(utterance.get(), "Token")); token != nullptr;
         token = item_next(token)) {
      EngineToken& one = tokens.emplace_back();
      one.name = item_feat_string(token, "name");
      for (cst_item* word = item_daughter(token); word != nullptr; word = item_next(word))
        add_word(word, one.words);
    }
    said.words = placed_words(text, tokens);
    for (const cst_item* phone = relation_head(utt_relation(utterance.get(), "Segment")); phone != nullptr;
         phone = item_next(phone)) {
      const double start = start_of(phone);
      said.phones.push_back({start, end_of(phone) - start, arpabet(item_feat_string(phone, "name"))});
    }
    return said;
  };
}

}  // namespace wav2vec

#else

namespace wav2vec {

Voice open_flite_voice(const std::string& name) {
  throw ConfigError(fmt::format(
      "flite:{}: this program was built without flite; install flite1-dev and build again", printable(name)));
}

}  // namespace wav2vec

#endif
