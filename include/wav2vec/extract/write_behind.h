#pragma once
// Writes features on a thread of its own, so that the disk does not hold up the computation.

#include <memory>
#include <string>
#include <vector>

#include "wav2vec/io/feature_writer.h"

namespace wav2vec {

/// In front of a FeatureWriter. Short utterances are copied and written later; long ones (above 16 MiB) are
/// written at once, for copying them would take memory without bound.
class WriteBehind {
 public:
  explicit WriteBehind(FeatureWriter& writer);
  ~WriteBehind();
  WriteBehind(const WriteBehind&) = delete;

  /// Throws what an earlier write threw unless that was a DataError: those are collected, as "origin: …".
  void write(const std::string& utterance_id, const FeatureRows& rows, const std::string& origin);
  /// Waits until everything is written; throws like write(). Returns what was wrong with single utterances.
  std::vector<std::string> finish();

 private:
  class Thread;
  std::unique_ptr<Thread> thread_;
};

}  // namespace wav2vec
