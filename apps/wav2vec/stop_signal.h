#pragma once
// SIGINT, SIGTERM and SIGUSR1 ask a long command to stop at the next safe place. SIGUSR1 is what mpirun hands
// on and what batch systems can send before time is up.
//
// No handler ever runs on a compute thread: oneDNN's kernels let the stack pointer point into the heap for a
// while, and a signal frame written there destroys the heap. So the signals are blocked everywhere and one
// thread waits.

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <utility>

#include "wav2vec/core/log.h"

namespace wav2vec::app {

namespace detail {
inline std::atomic<bool> stop_requested = false;
}  // namespace detail

/// `notice` is told at the first signal, for the safe place may be some seconds away. Call it before any
/// other thread is started: threads inherit what is blocked.
inline void catch_stop_signals(std::string notice) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread([signals, notice = std::move(notice)] {
    int signal = 0;
    sigwait(&signals, &signal);
    detail::stop_requested = true;
    log_info(notice);
    sigwait(&signals, &signal);
    _exit(128 + signal);  // a second one ends the process at once; files are whole at any moment
  }).detach();
}

inline bool stop_requested() { return detail::stop_requested; }

}  // namespace wav2vec::app
