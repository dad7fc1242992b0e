#pragma once
// Work that a library may not survive, done in a child process of ours.

#include <cstdint>
#include <functional>
#include <string>

namespace wav2vec {

/// Beyond them the child is ended. Memory is 1 GiB more than now.
struct ChildLimits {
  int64_t processor_seconds = 5;
  int64_t seconds = 30;  ///< in all: a disk may be slow and a machine busy

  /// For work that walks through a file: several times what the slowest healthy one of this size takes.
  static ChildLimits for_file(uint64_t bytes);
};

/// What `work` returns, computed in a fork with these limits, no core dump and nothing on stderr. `work` runs
/// in a process with one thread and must not rely on others. Its result is at most 1 MiB.
/// Throws FormatError when the data are to blame: with the message of a FormatError that `work` threw, or
/// because the child crashed. Throws DataError, which says nothing of the data, for any other error of `work`
/// and when a limit was reached, somebody ended the child or none can be made. No message has a file name.
std::string run_in_child(const std::function<std::string()>& work, const ChildLimits& limits = {});

}  // namespace wav2vec
