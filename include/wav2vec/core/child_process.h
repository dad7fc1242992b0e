#pragma once
// A child process whose output is read through pipes; it never outlives its owner.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace wav2vec {

class ChildProcess {
 public:
  /// Starts argv[0], found in PATH, without a shell, in its own process group, with a minimal environment and
  /// with limits: no core dump, 4 GiB of address space, and no file of more than `most_file_bytes` written,
  /// by default none at all. error() tells whether it started.
  explicit ChildProcess(const std::vector<std::string>& argv, uint64_t most_file_bytes = 0);
  /// Kills the whole process group if it still runs.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// 0, or the errno of the failed start (ENOENT: not installed).
  int error() const { return error_; }

  /// Up to `bytes` of its standard output; 0 at the end or when nothing came for `stall_seconds`.
  size_t read(void* into, size_t bytes, int stall_seconds);

  bool stalled() const { return stalled_; }
  /// The beginning of its standard error, at most 4 KiB.
  const std::string& messages() const { return messages_; }

 private:
  bool wait_for_output(int stall_seconds);
  bool drain_messages();

  int pid_ = -1;
  int output_ = -1;
  int errors_ = -1;
  int error_ = 0;
  bool stalled_ = false;
  std::string messages_;
};

}  // namespace wav2vec
