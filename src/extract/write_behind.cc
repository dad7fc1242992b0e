#include "wav2vec/extract/write_behind.h"

#include <fmt/format.h>

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"

namespace wav2vec {
namespace {

constexpr int64_t kMostCopied = int64_t{1} << 22;  // values
constexpr size_t kMostWaiting = 8;

struct WaitingItem {
  std::string id;
  std::string origin;
  int64_t frames = 0;
  int64_t channels = 0;
  std::vector<float> values;
};

}  // namespace

class WriteBehind::Thread {
 public:
  explicit Thread(FeatureWriter& writer) : writer_(writer), thread_([this] { work(); }) {}

  ~Thread() {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  void add(WaitingItem item) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_.size() < kMostWaiting || error_; });
    if (error_) std::rethrow_exception(error_);
    waiting_.push_back(std::move(item));
    changed_.notify_all();
  }

  void drain() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return (waiting_.empty() && !writing_) || error_; });
    if (error_) std::rethrow_exception(error_);
  }

  /// For a caller that has drained.
  void write_at_once(const std::string& id, const FeatureRows& rows) {
    writer_.write(id, rows);
    count(rows.frames);
  }

  WrittenFeatures take_written() { return std::exchange(written_, {}); }

 private:
  void count(int64_t frames) {
    ++written_.utterances;
    written_.frames += frames;
  }

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return !waiting_.empty() || closing_; });
      if (waiting_.empty() || error_) return;
      const WaitingItem item = std::move(waiting_.front());
      waiting_.pop_front();
      writing_ = true;
      lock.unlock();
      std::exception_ptr error;
      std::string failure;
      try {
        writer_.write(item.id, rows_in_memory(item.values.data(), item.frames, item.channels));
      } catch (const DataError& wrong) {
        failure = fmt::format("{}: {}", printable(item.origin), wrong.what());
      } catch (...) {
        error = std::current_exception();
      }
      lock.lock();
      writing_ = false;
      if (error) {
        error_ = error;
      } else if (failure.empty()) {
        count(item.frames);
      } else {
        written_.failed_ids.insert(item.id);
        written_.failures.push_back(std::move(failure));
      }
      changed_.notify_all();
    }
  }

  FeatureWriter& writer_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<WaitingItem> waiting_;
  bool writing_ = false;
  bool closing_ = false;
  std::exception_ptr error_;
  WrittenFeatures written_;
  std::thread thread_;  // last: it uses the others
};

WriteBehind::WriteBehind(FeatureWriter& writer) : thread_(std::make_unique<Thread>(writer)) {}
WriteBehind::~WriteBehind() = default;

void WriteBehind::write(const std::string& utterance_id, const FeatureRows& rows, const std::string& origin) {
  if (rows.frames * rows.channels > kMostCopied) {
    thread_->drain();
    thread_->write_at_once(utterance_id, rows);
    return;
  }
  WaitingItem item{utterance_id, origin, rows.frames, rows.channels, {}};
  item.values.resize(static_cast<size_t>(rows.frames * rows.channels));
  rows.read(0, rows.frames, item.values.data());
  thread_->add(std::move(item));
}

WrittenFeatures WriteBehind::finish() {
  thread_->drain();
  return thread_->take_written();
}

}  // namespace wav2vec
