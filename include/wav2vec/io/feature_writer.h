#pragma once
// Features on their way to a file: one matrix [frames, channels] per utterance.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace wav2vec {

/// - npy: one NumPy file per utterance, <folder>/<utterance id>.npy, each in place as soon as it is written;
/// - ark: Kaldi's binary archive <folder>/feats.ark and its index feats.scp, in place after close().
enum class FeatureFormat { npy, ark };
inline constexpr std::string_view kFeatureFormatNames[] = {"npy", "ark"};

/// Not thread-safe.
class FeatureWriter {
 public:
  virtual ~FeatureWriter() = default;

  /// Appends one utterance; `rows` is [frames, channels], row-major. Throws DataError for an id that is no
  /// safe name or occurs twice (nothing is written then), DiskError.
  virtual void write(std::string_view utterance_id, const float* rows, int64_t frames, int64_t channels) = 0;

  /// Completes the output. A writer that is destroyed without it leaves no archive behind.
  virtual void close() = 0;
};

/// Removes what killed processes left half-written in the folder. Throws DiskError when it cannot be made or
/// written.
std::unique_ptr<FeatureWriter> make_feature_writer(FeatureFormat format, const std::filesystem::path& folder);

/// The relative path that an utterance id stands for: its '/' are folders. Throws DataError for what would
/// lead elsewhere or could not be a file name: empty, absolute, "." and ".." or empty parts, a backslash, NUL
/// or other control characters, parts above 200 bytes.
std::filesystem::path utterance_path(std::string_view utterance_id);

/// What a reader of the features has to know. Row t belongs to the time
/// first_frame_center_seconds + t · hop_samples / sample_rate_hz of its utterance.
struct FeatureContract {
  int64_t sample_rate_hz = 0;
  int64_t hop_samples = 0;
  int64_t receptive_field_samples = 0;
  double first_frame_center_seconds = 0.0;
  std::string layer;  ///< as layer_name() writes it
  int64_t channels = 0;
  std::string model;       ///< where the model was read from
  std::string model_hash;  ///< of its content
  std::string resampler;
  std::string dtype;  ///< "f32" or "bf16": how they were computed; they are stored as f32
};

/// Writes <folder>/frames.json. Throws DiskError.
void write_feature_contract(const std::filesystem::path& folder, const FeatureContract& contract);

}  // namespace wav2vec
