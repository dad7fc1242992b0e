#pragma once

#include <filesystem>

#include "extract_options.h"
#include "wav2vec/data/inputs.h"

namespace wav2vec::app {

/// The utterances that the command line names. Audio from standard input lies in a nameless file as long as
/// this object lives.
class ExtractInputs {
 public:
  /// Throws ConfigError when stdin is asked for twice, DataError for a list that cannot be read, DiskError.
  explicit ExtractInputs(const ExtractOptions& options);
  ~ExtractInputs();
  ExtractInputs(const ExtractInputs&) = delete;

  CollectedInputs& collected() { return collected_; }

 private:
  CollectedInputs collected_;
  int stdin_copy_ = -1;
};

}  // namespace wav2vec::app
