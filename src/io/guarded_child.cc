#include "io/guarded_child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>

#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

using Clock = std::chrono::steady_clock;

constexpr rlim_t kMoreMemoryBytes = rlim_t{1} << 30;
constexpr rlim_t kProcessorSeconds = 20;
constexpr auto kMostTime = std::chrono::seconds(60);
constexpr size_t kMaxResultBytes = 1 << 20;
constexpr char kDone = '+';
constexpr char kFailed = '-';

rlim_t address_space_now() {
  std::ifstream file("/proc/self/statm");
  uint64_t pages = 0;
  file >> pages;
  return pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE));
}

void limit(int resource, rlim_t most) {
  const rlimit both{most, most};
  ::setrlimit(static_cast<__rlimit_resource_t>(resource), &both);
}

void confine() {
  limit(RLIMIT_AS, address_space_now() + kMoreMemoryBytes);
  limit(RLIMIT_CPU, kProcessorSeconds);
  limit(RLIMIT_CORE, 0);
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU, SIGTERM, SIGINT})
    ::signal(signal, SIG_DFL);
  ::signal(SIGPIPE, SIG_IGN);
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  ::dup2(nowhere, STDOUT_FILENO);
  ::dup2(nowhere, STDERR_FILENO);
}

std::string outcome_of(const std::function<std::string()>& work) {
  try {
    return kDone + work();
  } catch (const std::bad_alloc&) {
    return kFailed + std::string("takes too much memory");
  } catch (const std::exception& error) {
    return kFailed + std::string(error.what());
  }
}

[[noreturn]] void be_child(const std::function<std::string()>& work, int out) {
  confine();
  const std::string outcome = outcome_of(work);
  for (size_t done = 0; done < outcome.size();) {
    const ssize_t n = ::write(out, outcome.data() + done, outcome.size() - done);
    if (n <= 0 && errno != EINTR) break;
    if (n > 0) done += static_cast<size_t>(n);
  }
  ::_exit(0);  // nothing of the parent's is flushed or destroyed
}

/// All that comes until the other end closes; false when time or room ran out.
bool read_outcome(int in, std::string& outcome) {
  const auto end = Clock::now() + kMostTime;
  char buffer[4096];
  while (outcome.size() <= kMaxResultBytes) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    pollfd wanted{in, POLLIN, 0};
    const int ready = left > 0 ? ::poll(&wanted, 1, static_cast<int>(left)) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    const ssize_t n = ::read(in, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return true;
    outcome.append(buffer, static_cast<size_t>(n));
  }
  return false;
}

}  // namespace

std::string run_in_child(const std::function<std::string()>& work) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) throw DataError(fmt::format("no pipe: {}", std::strerror(errno)));
  const pid_t pid = ::fork();
  if (pid == 0) be_child(work, ends[1]);
  const int fork_error = errno;
  ::close(ends[1]);
  std::string outcome;
  const bool ended = pid > 0 && read_outcome(ends[0], outcome);
  ::close(ends[0]);
  if (pid < 0) throw DataError(fmt::format("no child process: {}", std::strerror(fork_error)));
  if (!ended) ::kill(pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!ended || (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU))
    throw FormatError("its reader did not end in time");
  if (WIFSIGNALED(status) || WEXITSTATUS(status) != 0 || outcome.empty())
    throw FormatError("its reader crashed");
  if (outcome[0] == kFailed) throw FormatError(outcome.substr(1));
  return outcome.substr(1);
}

}  // namespace wav2vec
