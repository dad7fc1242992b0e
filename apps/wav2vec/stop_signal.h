#pragma once
// SIGINT and SIGTERM ask a long command to stop at the next safe place.

#include <csignal>

namespace wav2vec::app {

namespace detail {
inline volatile std::sig_atomic_t stop_requested = 0;
inline void on_signal(int signal) {
  stop_requested = 1;
  std::signal(signal, SIG_DFL);  // a second one ends the process at once; files are whole at any moment
}
}  // namespace detail

inline void catch_stop_signals() {
  std::signal(SIGINT, detail::on_signal);
  std::signal(SIGTERM, detail::on_signal);
}

inline bool stop_requested() { return detail::stop_requested != 0; }

}  // namespace wav2vec::app
