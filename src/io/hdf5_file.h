#pragma once
// Features in HDF5, through libhdf5. One thread of a process at a time: Debian's library has no locks.

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "wav2vec/core/file.h"
#include "wav2vec/io/feature_contract.h"
#include "wav2vec/io/feature_rows.h"

namespace wav2vec {

/// wav2letter's file of one utterance, as fairseq's wav2vec_featurize.py writes it: `features` float32
/// [frames · channels], row-major, and `info` float64 [rows per second, frames, channels]. The contract's
/// fields are attributes of the root. Throws DiskError.
void write_h5context(const FeatureRows& rows, const FeatureContract& contract, AtomicFile& file);

/// One tidy file of many utterances: /features/<utterance id> is float32 [frames, channels], and the
/// contract's fields are attributes of the root.
class Hdf5Archive {
 public:
  /// Makes an empty archive in the temporary of `file`, or goes on with the one that lies there.
  Hdf5Archive(AtomicFile& file, const FeatureContract& contract, bool exists);
  ~Hdf5Archive();

  /// Throws DiskError; what was written of the matrix is unlinked then.
  void add(const std::string& utterance_id, const FeatureRows& rows);
  /// These utterances of another archive, which summarize_hdf5() has found whole. Throws DiskError,
  /// DataError.
  void copy(const std::filesystem::path& archive, std::span<const std::string> utterance_ids);
  /// Everything is in the file. Throws DiskError.
  void close();

 private:
  struct Handles;
  const AtomicFile& file_;
  std::unique_ptr<Handles> handles_;
};

/// Utterances of an archive; empty when it is none.
std::set<std::string, std::less<>> hdf5_archive_ids(const std::filesystem::path& path);

}  // namespace wav2vec
