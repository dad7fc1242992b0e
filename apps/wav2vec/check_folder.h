#pragma once
// Checks all subtitles of a folder, each against the recording beside it.

#include <filesystem>
#include <string>

#include "check_pairs.h"
#include "check_verdict.h"
#include "subtitle_check.h"
#include "wav2vec/io/part_files.h"

namespace wav2vec::app {

struct FolderCheck {
  std::filesystem::path folder;
  CheckSettings settings;
  VerdictOptions verdict;
  std::string reports;  ///< folder of a report and a page for every pair; empty: none are written
  Shard shard;
  int jobs = 1;  ///< pairs at the same time, which share the threads
};

/// Prints a line for each pair, in their order. A pair that cannot be read is said and does not stop the
/// others.
ExitCode check_folder(const FolderCheck& check);

}  // namespace wav2vec::app
