#include "io/guarded_child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>

#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

using Clock = std::chrono::steady_clock;

constexpr rlim_t kMoreMemoryBytes = rlim_t{1} << 30;
// What was taken when an allocation failed, below which it was one absurd size that did not fit.
constexpr rlim_t kNearlyAllMemory = kMoreMemoryBytes / 2;
constexpr size_t kMaxResultBytes = 1 << 20;
constexpr char kDone = '+';
constexpr char kDamaged = '-';
constexpr char kFailed = '!';

rlim_t address_space_now() {
  std::ifstream file("/proc/self/statm");
  uint64_t pages = 0;
  file >> pages;
  return pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE));
}

/// Above the soft limit on processor time comes SIGXCPU, which says why; above the hard one SIGKILL.
void limit(int resource, rlim_t soft, rlim_t hard) {
  const rlimit both{soft, hard};
  ::setrlimit(static_cast<__rlimit_resource_t>(resource), &both);
}

void confine(const ChildLimits& limits, rlim_t most_memory) {
  const auto processor_seconds = static_cast<rlim_t>(limits.processor_seconds);
  limit(RLIMIT_AS, most_memory, most_memory);
  limit(RLIMIT_CPU, processor_seconds, processor_seconds + 5);
  limit(RLIMIT_CORE, 0, 0);
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU, SIGTERM, SIGINT})
    ::signal(signal, SIG_DFL);
  ::signal(SIGPIPE, SIG_IGN);
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  ::dup2(nowhere, STDOUT_FILENO);
  ::dup2(nowhere, STDERR_FILENO);
}

/// The most that the address space ever was.
rlim_t peak_address_space() {
  std::ifstream file("/proc/self/status");
  for (std::string word; file >> word;) {
    rlim_t kibibytes = 0;
    if (word == "VmPeak:" && file >> kibibytes) return kibibytes * 1024;
  }
  return 0;
}

std::string outcome_of(const std::function<std::string()>& work, rlim_t most_memory) {
  const auto out_of_memory = [&] { return peak_address_space() + kNearlyAllMemory > most_memory; };
  const std::string kMemory = "its reader takes more memory than it may have";
  try {
    return kDone + work();
  } catch (const std::bad_alloc&) {
    return kFailed + kMemory;
  } catch (const FormatError& error) {
    return out_of_memory() ? kFailed + kMemory : kDamaged + std::string(error.what());
  } catch (const std::exception& error) {
    return kFailed + std::string(error.what());
  }
}

[[noreturn]] void be_child(const std::function<std::string()>& work, const ChildLimits& limits, int out) {
  const rlim_t most_memory = address_space_now() + kMoreMemoryBytes;
  confine(limits, most_memory);
  const std::string outcome = outcome_of(work, most_memory);
  for (size_t done = 0; done < outcome.size();) {
    const ssize_t n = ::write(out, outcome.data() + done, outcome.size() - done);
    if (n <= 0 && errno != EINTR) break;
    if (n > 0) done += static_cast<size_t>(n);
  }
  ::_exit(0);  // nothing of the parent's is flushed or destroyed
}

/// All that comes until the other end closes; false when time or room ran out.
bool read_outcome(int in, std::chrono::seconds most_time, std::string& outcome) {
  const auto end = Clock::now() + most_time;
  char buffer[4096];
  while (outcome.size() <= kMaxResultBytes) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    pollfd wanted{in, POLLIN, 0};
    const int ready = left > 0 ? ::poll(&wanted, 1, static_cast<int>(std::min<int64_t>(left, 60'000))) : 0;
    if (ready == 0 && left > 0) continue;
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    const ssize_t n = ::read(in, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return true;
    outcome.append(buffer, static_cast<size_t>(n));
  }
  return false;
}

/// How a child ended that did not say it.
[[noreturn]] void fail_ended(int status, const ChildLimits& limits) {
  const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  if (signal == SIGXCPU)
    throw DataError(
        fmt::format("its reader did not end within {} s of processor time", limits.processor_seconds));
  for (const int crash : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL})
    if (signal == crash) throw FormatError("its reader crashed");
  if (signal != 0) throw DataError(fmt::format("its reader was ended by signal {}", signal));
  throw FormatError("its reader ended without a word");
}

}  // namespace

ChildLimits ChildLimits::for_file(uint64_t bytes) {
  constexpr int64_t kMostProcessorSeconds = 600;
  constexpr int64_t kMostSeconds = 3600;
  const auto mebibytes = static_cast<int64_t>(bytes >> 20);
  ChildLimits limits;
  limits.processor_seconds = std::min(limits.processor_seconds + mebibytes / 8, kMostProcessorSeconds);
  limits.seconds = std::min(limits.seconds + mebibytes / 2, kMostSeconds);
  return limits;
}

std::string run_in_child(const std::function<std::string()>& work, const ChildLimits& limits) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) throw DataError(fmt::format("no pipe: {}", std::strerror(errno)));
  const pid_t pid = ::fork();
  if (pid == 0) be_child(work, limits, ends[1]);
  const int fork_error = errno;
  ::close(ends[1]);
  std::string outcome;
  const bool ended = pid > 0 && read_outcome(ends[0], std::chrono::seconds(limits.seconds), outcome);
  ::close(ends[0]);
  if (pid < 0) throw DataError(fmt::format("no child process: {}", std::strerror(fork_error)));
  if (!ended) ::kill(pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (outcome.size() > kMaxResultBytes) throw FormatError("its reader says too much");
  if (!ended) throw DataError(fmt::format("its reader did not end within {} s", limits.seconds));
  if (WIFSIGNALED(status) || outcome.empty()) fail_ended(status, limits);
  if (outcome[0] == kDamaged) throw FormatError(outcome.substr(1));
  if (outcome[0] == kFailed) throw DataError(outcome.substr(1));
  return outcome.substr(1);
}

}  // namespace wav2vec
