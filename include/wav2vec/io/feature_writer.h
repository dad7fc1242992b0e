#pragma once
// Features on their way to files or to standard output: one matrix [frames, channels] per utterance.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "wav2vec/io/feature_contract.h"
#include "wav2vec/io/feature_rows.h"

namespace wav2vec {

/// A file per utterance, <folder>/<utterance id>.<ending>, each in place as soon as it is written:
/// - npy: NumPy;
/// - npz: NumPy, the arrays `features` and `contract` (JSON);
/// - htk: HTK's parameter file, kind USER;
/// - h5context: wav2letter's HDF5 file;
/// - safetensors: the tensor `features`, the contract as metadata;
/// - csv: a line per row under a header: utterance, seconds, one column per channel.
/// An archive of all utterances, in place after close():
/// - ark: Kaldi's feats.ark, binary float, with its index feats.scp;
/// - ark-text: the same as text;
/// - ark-cm1, ark-cm2, ark-cm3: the same compressed with Kaldi's methods 1 to 3;
/// - hdf5: features.h5, a dataset /features/<utterance id> for each.
enum class FeatureFormat {
  npy,
  npz,
  ark,
  ark_text,
  ark_cm1,
  ark_cm2,
  ark_cm3,
  htk,
  hdf5,
  h5context,
  safetensors,
  csv
};
inline constexpr std::string_view kFeatureFormatNames[] = {"npy",     "npz",       "ark",         "ark-text",
                                                           "ark-cm1", "ark-cm2",   "ark-cm3",     "htk",
                                                           "hdf5",    "h5context", "safetensors", "csv"};

/// Where features go.
struct FeatureDestination {
  /// A folder, or "-" for standard output: ark, ark-text, csv, and npy for one utterance.
  std::filesystem::path path;
  /// Between name and ending of an archive, for runs that share a folder: "2of4" makes feats.2of4.ark.
  std::string part;
  /// Takes nothing over from an earlier run and removes the features of another contract.
  bool overwrite = false;
};

/// Not thread-safe; of two that write HDF5, one works at a time.
class FeatureWriter {
 public:
  virtual ~FeatureWriter() = default;

  /// Whether the utterance's features stand complete from an earlier run with the same contract. Throws
  /// DataError for an id that is no safe name.
  virtual bool has(std::string_view utterance_id) = 0;

  /// Adds one utterance, whole or not at all. Throws DataError for an id that is no safe name, occurs twice
  /// or stands in the archive of an earlier run, and for values that the format cannot hold (nothing is
  /// written then); DiskError; ConfigError for a second utterance where there can be one.
  virtual void write(std::string_view utterance_id, const FeatureRows& rows) = 0;

  /// Completes the output and lets other writers at it. A writer that is destroyed without it leaves no
  /// archive behind, and an older one as it was; so does one that nothing was written to.
  virtual void close() = 0;
};

/// For a folder: makes it, removes what killed processes left half-written and sees to it that its
/// frames.json holds the contract; what stands there is then of this contract, whatever its age. An archive
/// is extended by what it lacks; of one that is cut off the whole leading utterances stay. Throws DiskError
/// when the folder cannot be made or written, or another process writes there (parts do not disturb one
/// another); ConfigError when the folder holds features of another contract or format (naming the difference)
/// or an archive that is damaged otherwise, and `overwrite` is not set; when it holds such files without a
/// frames.json; when the format cannot go to standard output or cannot hold such features.
std::unique_ptr<FeatureWriter> make_feature_writer(FeatureFormat format,
                                                   const FeatureDestination& destination,
                                                   const FeatureContract& contract);

/// Whether files of the format are named like this one; for archives of Kaldi also the index.
bool is_named_as(FeatureFormat format, const std::filesystem::path& path);
bool is_named_as(std::string_view format_name, const std::filesystem::path& path);

/// The relative path that an utterance id stands for: its '/' are folders. Throws DataError for what would
/// lead elsewhere or could not be a file name: empty, absolute, "." and ".." or empty parts, a backslash, NUL
/// or other control characters, parts above 200 bytes.
std::filesystem::path utterance_path(std::string_view utterance_id);

}  // namespace wav2vec
