#pragma once
// Messages for the person at the terminal. They go to stderr; results go to stdout and not through here.

#include <string_view>

namespace wav2vec {

enum class LogLevel { quiet, info, debug };

void set_log_level(LogLevel level);
LogLevel log_level();

/// Untrusted text inside `message` must have passed printable() (core/escape.h).
void log_info(std::string_view message);
void log_debug(std::string_view message);
/// Prefixed with "warning: "; shown at every level.
void log_warning(std::string_view message);

/// A line at the bottom of a terminal (the progress bar) that replaces the one before and is cleared before
/// any other line is printed. Safe beside messages from other threads.
void show_live_line(std::string_view line);

}  // namespace wav2vec
