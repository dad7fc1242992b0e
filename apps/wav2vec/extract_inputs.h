#pragma once

#include <filesystem>

#include "extract_options.h"
#include "wav2vec/data/inputs.h"

namespace wav2vec::app {

/// The utterances that the command line names. Audio from standard input lies in a nameless file as long as
/// this object lives.
class ExtractInputs {
 public:
  /// Throws ConfigError when stdin is asked for twice, DataError for a list that cannot be read or is empty,
  /// DiskError.
  explicit ExtractInputs(const ExtractOptions& options);
  ~ExtractInputs();
  ExtractInputs(const ExtractInputs&) = delete;

  /// No two of one id; the later ones are among the failures.
  CollectedInputs& collected() { return collected_; }
  /// Of the audio from standard input; empty when there is none.
  const std::string& stdin_id() const { return stdin_id_; }

 private:
  CollectedInputs collected_;
  std::string stdin_id_;
  int stdin_copy_ = -1;
};

}  // namespace wav2vec::app
