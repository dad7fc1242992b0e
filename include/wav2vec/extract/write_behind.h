#pragma once
// Writes features on a thread of its own, so that the disk does not hold up the computation.

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "wav2vec/io/feature_writer.h"

namespace wav2vec {

struct WrittenFeatures {
  int64_t utterances = 0;
  int64_t frames = 0;
  std::set<std::string> failed_ids;
  std::vector<std::string> failures;  ///< what was wrong with these, as "origin: …"
};

/// In front of a FeatureWriter. Short utterances are copied and written later; long ones (above 16 MiB) are
/// written at once, for copying them would take memory without bound.
class WriteBehind {
 public:
  explicit WriteBehind(FeatureWriter& writer);
  ~WriteBehind();
  WriteBehind(const WriteBehind&) = delete;

  /// Throws what an earlier write threw unless that was a DataError: those are collected.
  void write(const std::string& utterance_id, const FeatureRows& rows, const std::string& origin);
  /// Waits until everything is written; throws like write(). Returns what was written.
  WrittenFeatures finish();

 private:
  class Thread;
  std::unique_ptr<Thread> thread_;
};

}  // namespace wav2vec
