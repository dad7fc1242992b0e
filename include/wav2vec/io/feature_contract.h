#pragma once
// What a reader of features has to know. Row t belongs to the time
// first_frame_center_seconds + t · hop_samples / sample_rate_hz of its utterance and reads the samples
// [first_sample + t · hop_samples, first_sample + t · hop_samples + receptive_field_samples).

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace wav2vec {

inline constexpr std::string_view kContractFileName = "frames.json";

struct FeatureContract {
  int64_t sample_rate_hz = 0;
  int64_t hop_samples = 0;
  int64_t receptive_field_samples = 0;
  int64_t first_sample = 0;  ///< of row 0; negative where it reads beyond the beginning
  double first_frame_center_seconds = 0.0;
  std::string layer;  ///< as layer_name() writes it, "fbank" or "mfcc"
  int64_t channels = 0;
  std::string model;       ///< where the model was read from
  std::string model_hash;  ///< of its content
  std::string resampler;
  std::string audio_channel = "mean";  ///< of several: "mean", "left" or "right"
  std::string dtype;                   ///< "f32" or "bf16": how they were computed; they are stored as f32
  double window_seconds = 0.0;         ///< of extract --window, which is an approximation; 0: exact
  double window_context_seconds = 0.0;
  std::string options = {};  ///< of filter banks and MFCC: "frame_length_ms=25 …", all of them
  std::string postprocess =
      {};  ///< "cmvn=utterance delta_order=2": what was changed afterwards; empty: nothing
  std::string file_format = {};  ///< as kFeatureFormatNames has it; make_feature_writer() sets it

  /// Centre of row t.
  double seconds_of(int64_t row) const;
};

/// One JSON object; bytes that are not UTF-8 become U+FFFD. `indent` spaces, or one line when negative.
std::string contract_to_json(const FeatureContract& contract, int indent = -1);
/// Unknown keys are passed over. Throws FormatError, without a file name, naming the key that is missing or
/// of another type.
FeatureContract contract_from_json(std::string_view text);

/// Every field as text, numbers as JSON spells them: for formats with string attributes.
std::map<std::string, std::string> contract_as_text(const FeatureContract& contract);

/// The way back; other keys are passed over. Throws what contract_from_json throws.
FeatureContract contract_from_text(const std::map<std::string, std::string>& text);

/// What differs, as `layer is "z", now "c"`; empty when features of both may stand side by side. Where the
/// model was read from does not count, its hash does.
std::string contract_difference(const FeatureContract& before, const FeatureContract& now);

/// Writes <folder>/frames.json. Throws DiskError.
void write_feature_contract(const std::filesystem::path& folder, const FeatureContract& contract);
/// Nothing when the folder has none. Throws DataError, FormatError naming the file.
std::optional<FeatureContract> read_feature_contract(const std::filesystem::path& folder);

}  // namespace wav2vec
