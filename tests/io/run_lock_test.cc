#include "wav2vec/io/run_lock.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "support/temporary_folder.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/file.h"

namespace wav2vec {
namespace {

TEST_CASE("a run has one writer, and the second is told who it is") {
  const TemporaryFolder folder;
  const auto run = folder.path() / "run";
  {
    RunLock lock(run);
    CHECK_THROWS_WITH_AS(RunLock{run},
                         fmt::format("{}: process {} is writing here; wait for it or choose another folder",
                                     run.string(), getpid())
                             .c_str(),
                         DiskError);
    RunLock moved = std::move(lock);
    CHECK_THROWS_AS(RunLock{run}, DiskError);
  }
  CHECK_NOTHROW(RunLock{run});
}

TEST_CASE("the lock of a killed process is no lock") {
  const TemporaryFolder folder;
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    const RunLock lock(folder.path());
    if (::write(ends[1], "x", 1) != 1) _exit(1);
    ::pause();
    _exit(0);
  }
  char ready = 0;
  REQUIRE(::read(ends[0], &ready, 1) == 1);
  CHECK_THROWS_AS(RunLock{folder.path()}, DiskError);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK_NOTHROW(RunLock{folder.path()});
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("a lock in a folder that cannot be made is a disk error") {
  const TemporaryFolder folder;
  write_file(folder.path() / "file", "x");
  CHECK_THROWS_AS(RunLock{folder.path() / "file"}, DiskError);
}

}  // namespace
}  // namespace wav2vec
