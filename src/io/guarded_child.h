#pragma once
// Work that a library may not survive, done in a child process of ours.

#include <functional>
#include <string>

namespace wav2vec {

/// What `work` returns, computed in a fork with 1 GiB of memory more than now, 20 s of processor time, 60 s
/// in all, no core dump and nothing on stderr. `work` runs in a process with one thread and must not rely on
/// others. Its result is at most 1 MiB. Throws FormatError with the message of an Error that `work` threw, or
/// saying how the child ended, without a file name; DataError when no child can be made.
std::string run_in_child(const std::function<std::string()>& work);

}  // namespace wav2vec
