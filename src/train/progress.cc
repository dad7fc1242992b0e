#include "wav2vec/train/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "wav2vec/core/duration.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/log.h"

namespace wav2vec {
namespace {

constexpr double kLiveInterval = 0.2;
constexpr double kLineInterval = 10.0;
constexpr double kRateWindow = 60.0;
constexpr double kRatePointInterval = 0.5;
constexpr int kSmallestBar = 5;
constexpr int kLargestBar = 40;

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

bool can_draw() {
  const std::string_view terminal = variable("TERM");
  return ::isatty(STDERR_FILENO) != 0 && !terminal.empty() && terminal != "dumb";
}

int terminal_columns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const int columns = std::atoi(std::string(variable("COLUMNS")).c_str());
  return columns > 0 ? columns : 80;
}

/// The first of these that is set decides, as in setlocale(3).
bool speaks_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string_view value = variable(name);
    if (!value.empty())
      return value.find("UTF-8") != std::string_view::npos || value.find("utf8") != std::string_view::npos;
  }
  return false;
}

ProgressStyle terminal_style() {
  return {.columns = terminal_columns(), .unicode = speaks_utf8(), .color = variable("NO_COLOR").empty()};
}

bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }

int cells(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), starts_character));
}

std::string_view first_cells(std::string_view text, int count) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (starts_character(text[i]) && count-- == 0) return text.substr(0, i);
  }
  return text;
}

double share_done(const ProgressView& view) {
  if (view.total <= 0) return 0.0;
  return std::clamp(static_cast<double>(view.done) / static_cast<double>(view.total), 0.0, 1.0);
}

std::string percent_text(const ProgressView& view) {
  return view.total > 0 ? fmt::format("{} %", static_cast<int>(std::floor(share_done(view) * 100.0))) : "";
}

std::string count_text(const ProgressView& view) {
  return view.total > 0 ? fmt::format("{}/{} {}", view.done, view.total, view.unit)
                        : fmt::format("{} {}", view.done, view.unit);
}

std::string speed_text(const ProgressView& view) {
  const double speed = view.audio_seconds_per_second;
  if (!std::isfinite(speed) || speed <= 0.0) return "";
  return speed < 10.0 ? fmt::format("{:.1f} audio s/s", speed) : fmt::format("{:.0f} audio s/s", speed);
}

std::string left_text(const ProgressView& view) {
  const bool known = view.total > 0 && view.seconds_left >= 0.0 && std::isfinite(view.seconds_left);
  return known ? format_duration(view.seconds_left) + " left" : "";
}

std::string repeated(std::string_view text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

std::string bar_text(double share, int width, const ProgressStyle& style) {
  const int filled = static_cast<int>(std::floor(share * width));
  const std::string done = repeated(style.unicode ? "━" : "#", filled);
  const std::string rest = repeated(style.unicode ? "─" : ".", width - filled);
  if (!style.color) return done + rest;
  return fmt::format("\x1b[36m{}\x1b[0m\x1b[2m{}\x1b[0m", done, rest);
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string out;
  for (const std::string& part : parts) {
    if (part.empty()) continue;
    if (!out.empty()) out += separator;
    out += part;
  }
  return out;
}

}  // namespace

std::string format_progress_bar(const ProgressView& view, const ProgressStyle& style) {
  // The last cell stays free: some terminals wrap when it is written.
  const int room = std::max(style.columns - 1, 0);
  const std::string_view separator = style.unicode ? " · " : ", ";
  enum Part { kCount, kDetail, kSpeed, kLeft, kParts };
  std::vector<std::string> parts(kParts);
  parts[kCount] = count_text(view);
  parts[kDetail] = view.detail;
  parts[kSpeed] = speed_text(view);
  parts[kLeft] = left_text(view);
  std::string head = join({view.label, percent_text(view)}, " ");

  bool with_bar = view.total > 0;
  const auto text = [&] { return join({head, join(parts, separator)}, "  "); };
  const auto least = [&] { return cells(text()) + (with_bar ? kSmallestBar + 1 : 0); };
  if (least() > room && view.total > 0) parts[kCount] = fmt::format("{}/{}", view.done, view.total);
  if (least() > room) with_bar = false;
  if (least() > room) parts[kSpeed].clear();
  if (least() > room && view.total > 0) parts[kCount].clear();
  if (least() > room) parts[kDetail].clear();
  if (least() > room) parts[kLeft].clear();
  if (least() > room) return std::string(first_cells(text(), room));
  if (!with_bar) return text();

  const int width = std::min(room - cells(text()) - 1, kLargestBar);
  head = join({view.label, bar_text(share_done(view), width, style), percent_text(view)}, " ");
  return text();
}

std::string format_progress_line(const ProgressView& view) {
  std::string count = count_text(view);
  if (view.total > 0) count += fmt::format(" ({})", percent_text(view));
  const std::string head = join({view.label, count}, " ");
  return join({head, view.detail, speed_text(view), left_text(view)}, ", ");
}

void MovingRate::add(double seconds, double count) {
  // The newest point moves until it is old enough to stay.
  if (points_.size() >= 2 && seconds - points_[points_.size() - 2].seconds < kRatePointInterval)
    points_.pop_back();
  points_.push_back({seconds, count});
  while (points_.size() > 2 && points_.front().seconds < seconds - kRateWindow) points_.pop_front();
}

double MovingRate::per_second() const {
  if (points_.size() < 2) return 0.0;
  const double seconds = points_.back().seconds - points_.front().seconds;
  return seconds > 0.0 ? (points_.back().count - points_.front().count) / seconds : 0.0;
}

Progress::Progress(std::string_view label, std::string_view unit, int64_t total, int64_t done) {
  view_.label = printable(label);
  view_.unit = printable(unit);
  view_.total = total;
  view_.done = done;
  const double now = now_seconds();
  done_rate_.add(now, static_cast<double>(done));
  audio_rate_.add(now, 0.0);
  shown_at_ = now;
  live_ = log_level() != LogLevel::quiet && can_draw();
}

Progress::~Progress() { finish(); }

void Progress::update(int64_t done, std::string_view detail, double audio_seconds) {
  const double now = now_seconds();
  view_.done = done;
  view_.detail = printable(detail);
  done_rate_.add(now, static_cast<double>(done));
  audio_rate_.add(now, audio_seconds);
  if (now - shown_at_ < (live_ ? kLiveInterval : kLineInterval)) return;
  shown_at_ = now;
  show(/*last=*/false);
}

void Progress::finish() {
  if (finished_) return;
  finished_ = true;
  show(/*last=*/true);
}

void Progress::show(bool last) {
  view_.audio_seconds_per_second = audio_rate_.per_second();
  const double rate = done_rate_.per_second();
  view_.seconds_left = rate > 0.0 && !last ? static_cast<double>(view_.total - view_.done) / rate : -1.0;
  if (live_ && !last)
    show_live_line(format_progress_bar(view_, terminal_style()));
  else
    log_info(format_progress_line(view_));
}

}  // namespace wav2vec
