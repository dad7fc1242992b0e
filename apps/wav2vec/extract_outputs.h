#pragma once

#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "extract_options.h"
#include "wav2vec/data/manifest.h"
#include "wav2vec/extract/write_behind.h"

namespace wav2vec::app {

/// One writer for every matrix that an utterance gives: several layers go into a folder each.
class ExtractOutputs {
 public:
  /// `contracts`: of the files. Throws what make_feature_writer throws.
  ExtractOutputs(const ExtractOptions& options, std::span<const FeatureContract> contracts);

  /// Whether an earlier run has done this utterance. To be asked for all before the first is written. Throws
  /// DataError for an id that cannot name a file.
  bool stands(const std::string& id);
  void write(size_t which, const Utterance& utterance, const FeatureRows& rows);
  /// Returns what was written, by matrix.
  std::vector<WrittenFeatures> close();

 private:
  std::vector<std::unique_ptr<FeatureWriter>> writers_;
  std::vector<std::set<std::string>> standing_;  // by writer
  std::vector<std::unique_ptr<WriteBehind>> behind_;
};

}  // namespace wav2vec::app
