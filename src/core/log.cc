#include "wav2vec/core/log.h"

#include <cstdio>
#include <mutex>

namespace wav2vec {
namespace {

std::mutex g_mutex;
LogLevel g_level = LogLevel::info;
bool g_live_line = false;  // one stands on the terminal

void print_line(std::string_view prefix, std::string_view message) {
  const std::lock_guard lock(g_mutex);
  if (g_live_line) std::fputs("\r\x1b[K", stderr);
  g_live_line = false;
  std::fprintf(stderr, "%.*s%.*s\n", static_cast<int>(prefix.size()), prefix.data(),
               static_cast<int>(message.size()), message.data());
}

}  // namespace

void set_log_level(LogLevel level) { g_level = level; }

LogLevel log_level() { return g_level; }

void log_info(std::string_view message) {
  if (g_level >= LogLevel::info) print_line("", message);
}

void log_debug(std::string_view message) {
  if (g_level >= LogLevel::debug) print_line("", message);
}

void log_warning(std::string_view message) { print_line("warning: ", message); }

void show_live_line(std::string_view line) {
  const std::lock_guard lock(g_mutex);
  std::fprintf(stderr, "\r\x1b[K%.*s", static_cast<int>(line.size()), line.data());
  std::fflush(stderr);
  g_live_line = true;
}

}  // namespace wav2vec
