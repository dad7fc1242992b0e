#pragma once
// How far a long command is: a bar on a terminal, plain lines when the output is piped.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace wav2vec {

/// What one line of progress shows. Empty or not finite parts are left out.
struct ProgressView {
  std::string label;  ///< "pretrain"
  std::string unit;   ///< "updates", "files"
  int64_t done = 0;
  int64_t total = 0;        ///< 0 = unknown: no bar, no percentage, no time left
  std::string detail = {};  ///< "loss 4.12 bits"
  double audio_seconds_per_second = 0.0;
  double seconds_left = -1.0;  ///< negative = unknown
};

struct ProgressStyle {
  int columns = 80;
  bool unicode = true;
  bool color = false;
};

/// One line without line end that takes at most `columns` - 1 cells; what does not fit is left out, least
/// important first.
std::string format_progress_bar(const ProgressView& view, const ProgressStyle& style);

/// For logs: "pretrain 120/1463 updates (8 %), loss 4.72 bits, 31.2 audio s/s, 12 min left".
std::string format_progress_line(const ProgressView& view);

/// Speed of a growing count over the last minute.
class MovingRate {
 public:
  void add(double seconds, double count);
  /// Per second; 0 before the second call of add().
  double per_second() const;

 private:
  struct Point {
    double seconds = 0.0;
    double count = 0.0;
  };
  std::deque<Point> points_;
};

/// Draws on stderr. A bar when it is a terminal (and TERM is not "dumb"), redrawn at most five times a second
/// and cleared before log lines; otherwise a log line every ten seconds. NO_COLOR is honoured; nothing is
/// shown with --quiet. One at a time, used from one thread.
class Progress {
 public:
  /// `done` is where a resumed command starts. `label` and `unit` may be untrusted.
  Progress(std::string_view label, std::string_view unit, int64_t total, int64_t done = 0);
  /// finish()
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Call it as often as there is news. `audio_seconds`: worked through since the command began; 0 = do not
  /// show the speed.
  void update(int64_t done, std::string_view detail = {}, double audio_seconds = 0.0);
  /// Shows the last state once more: the bar stays as a last plain line.
  void finish();

 private:
  void show(bool last);

  ProgressView view_;
  MovingRate done_rate_;
  MovingRate audio_rate_;
  bool live_ = false;
  bool finished_ = false;
  double shown_at_ = 0.0;
};

}  // namespace wav2vec
