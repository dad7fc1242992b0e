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

/// Whatever keeps a live line on the terminal (the progress bar) registers how to clear it before another
/// line is printed. One at a time; nullptr removes it.
void set_live_line_clearer(void (*clear)());

}  // namespace wav2vec
