#include "wav2vec/core/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace wav2vec {
namespace {

constexpr size_t kMaxMessageBytes = 4096;

void close_if_open(int& descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}

std::vector<std::string> minimal_environment() {
  std::vector<std::string> environment = {"LC_ALL=C"};
  for (const char* name : {"PATH", "LD_LIBRARY_PATH"}) {
    if (const char* value = std::getenv(name)) environment.push_back(std::string(name) + "=" + value);
  }
  return environment;
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& s : strings) pointers.push_back(s.data());
  pointers.push_back(nullptr);
  return pointers;
}

void limit_resources(pid_t pid, uint64_t most_file_bytes) {
  const rlimit nothing{0, 0};
  const rlimit file{most_file_bytes, most_file_bytes};
  const rlimit address_space{rlim_t{4} << 30, rlim_t{4} << 30};
  ::prlimit(pid, RLIMIT_FSIZE, &file, nullptr);
  ::prlimit(pid, RLIMIT_CORE, &nothing, nullptr);
  ::prlimit(pid, RLIMIT_AS, &address_space, nullptr);
}

int spawn(pid_t& pid, const std::vector<std::string>& arguments, int output, int errors) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);

  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t defaults;
  sigemptyset(&none);
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, static_cast<short>(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                           POSIX_SPAWN_SETSIGDEF));

  std::vector<std::string> argv = arguments;
  std::vector<std::string> environment = minimal_environment();
  const int error = ::posix_spawnp(&pid, argv.front().c_str(), &actions, &attributes,
                                   pointers_to(argv).data(), pointers_to(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& argv, uint64_t most_file_bytes) {
  int output[2] = {-1, -1};
  int errors[2] = {-1, -1};
  if (::pipe2(output, O_CLOEXEC) != 0 || ::pipe2(errors, O_CLOEXEC) != 0) {
    error_ = errno;
  } else {
    error_ = spawn(pid_, argv, output[1], errors[1]);
  }
  close_if_open(output[1]);
  close_if_open(errors[1]);
  output_ = output[0];
  errors_ = errors[0];
  if (error_ != 0) {
    pid_ = -1;
    return;
  }
  limit_resources(pid_, most_file_bytes);
  ::fcntl(errors_, F_SETFL, O_NONBLOCK);
}

ChildProcess::~ChildProcess() {
  close_if_open(output_);
  close_if_open(errors_);
  if (pid_ <= 0) return;
  ::kill(-pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
}

bool ChildProcess::drain_messages() {
  char buffer[1024];
  while (true) {
    const ssize_t n = ::read(errors_, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return true;
    if (n <= 0) return false;
    messages_.append(buffer, std::min(static_cast<size_t>(n), kMaxMessageBytes - messages_.size()));
  }
}

bool ChildProcess::wait_for_output(int stall_seconds) {
  while (true) {
    pollfd wanted[2] = {{output_, POLLIN, 0}, {errors_, POLLIN, 0}};
    const int ready = ::poll(wanted, errors_ >= 0 ? 2 : 1, stall_seconds * 1000);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) {
      stalled_ = true;
      return false;
    }
    if (errors_ >= 0 && wanted[1].revents != 0 && !drain_messages()) close_if_open(errors_);
    if (wanted[0].revents != 0) return true;
  }
}

size_t ChildProcess::read(void* into, size_t bytes, int stall_seconds) {
  size_t done = 0;
  while (done < bytes && wait_for_output(stall_seconds)) {
    const ssize_t n = ::read(output_, static_cast<char*>(into) + done, bytes - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    done += static_cast<size_t>(n);
  }
  // The last words of a process that ends come after its output is closed.
  if (done < bytes && errors_ >= 0 && !stalled_) {
    pollfd last{errors_, POLLIN, 0};
    while (errors_ >= 0 && ::poll(&last, 1, stall_seconds * 1000) > 0) {
      if (!drain_messages()) close_if_open(errors_);
    }
  }
  return done;
}

}  // namespace wav2vec
