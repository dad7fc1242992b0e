#include "support/command.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <thread>

#include "support/temporary_folder.h"
#include "wav2vec/core/file.h"

namespace wav2vec::test {
namespace {

using Clock = std::chrono::steady_clock;

pid_t start(const std::string& program, const std::vector<std::string>& arguments,
            const std::filesystem::path& out, const std::filesystem::path& err) {
  // Up to exec the child has our handlers: a signal that comes so early waits.
  sigset_t stops;
  sigset_t before;
  sigemptyset(&stops);
  sigaddset(&stops, SIGINT);
  sigaddset(&stops, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &stops, &before);
  const pid_t child = fork();
  if (child != 0) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return child;
  }
  const int out_fd = open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const int err_fd = open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  dup2(out_fd, STDOUT_FILENO);
  dup2(err_fd, STDERR_FILENO);
  std::vector<std::string> words{program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  for (const int stop : {SIGINT, SIGTERM}) ::signal(stop, SIG_DFL);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  execvp(program.c_str(), argv.data());
  _exit(127);
}

}  // namespace

CommandResult run_program(const std::string& program, const std::vector<std::string>& arguments,
                          double kill_after_seconds, int signal) {
  const TemporaryFolder folder;
  const auto out = folder.path() / "out";
  const auto err = folder.path() / "err";
  const auto started = Clock::now();
  const pid_t child = start(program, arguments, out, err);
  if (child < 0) throw std::runtime_error("fork failed");
  int status = 0;
  if (kill_after_seconds >= 0.0) {
    while (waitpid(child, &status, WNOHANG) == 0) {
      if (std::chrono::duration<double>(Clock::now() - started).count() >= kill_after_seconds) {
        kill(child, signal);
        waitpid(child, &status, 0);
        break;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  } else {
    waitpid(child, &status, 0);
  }
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read_file(out, 1 << 26),
          read_file(err, 1 << 26)};
}

CommandResult run_wav2vec(const std::vector<std::string>& arguments, double kill_after_seconds, int signal) {
  return run_program(W2V_CLI, arguments, kill_after_seconds, signal);
}

}  // namespace wav2vec::test
