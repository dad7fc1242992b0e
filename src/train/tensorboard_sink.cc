// TensorBoard event files without protobuf: TFRecord framing (tensorflow/core/lib/io/record_writer.cc) around
// hand-written Event messages (tensorflow/core/util/event.proto, framework/summary.proto).

#include <fmt/format.h>
#include <unistd.h>

#include <bit>
#include <chrono>
#include <cstring>
#include <optional>

#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"
#include "wav2vec/core/hash.h"
#include "wav2vec/train/metrics.h"

namespace wav2vec {
namespace {

static_assert(std::endian::native == std::endian::little, "event files are little-endian");

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// Protocol buffers: every field is (number << 3 | wire type) and its value.
enum WireType : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

void put_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void put_key(std::string& out, uint32_t field, WireType type) { put_varint(out, field << 3 | type); }

void put_bytes(std::string& out, uint32_t field, std::string_view bytes) {
  put_key(out, field, kBytes);
  put_varint(out, bytes.size());
  out += bytes;
}

double wall_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string event(int64_t step, uint32_t field, std::string_view content) {
  std::string out;
  put_key(out, 1, kFixed64);
  put(out, wall_time());
  put_key(out, 2, kVarint);
  put_varint(out, static_cast<uint64_t>(step));
  put_bytes(out, field, content);
  return out;
}

constexpr uint32_t kEventFileVersion = 3;
constexpr uint32_t kEventSummary = 5;
constexpr uint32_t kEventSessionLog = 7;

void put_scalar(std::string& summary, std::string_view tag, double number) {
  std::string value;
  put_bytes(value, 1, tag);
  put_key(value, 2, kFixed32);
  put(value, static_cast<float>(number));
  put_bytes(summary, 1, value);
}

uint32_t masked_crc(std::string_view bytes) {
  const uint32_t crc = crc32c(bytes.data(), bytes.size());
  return ((crc >> 15) | (crc << 17)) + 0xA282EAD8U;
}

std::string framed(std::string_view data) {
  std::string out;
  put(out, static_cast<uint64_t>(data.size()));
  put(out, masked_crc(out));
  out += data;
  put(out, masked_crc(data));
  return out;
}

std::string host_name() {
  char name[256] = "";
  if (::gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "localhost";
  std::string safe = name;
  for (char& c : safe) {
    if (c == '/') c = '_';
  }
  return safe;
}

std::filesystem::path fresh_path(const std::filesystem::path& folder) {
  // TensorBoard reads the files of a run in the order of their names: later files must sort later.
  for (int counter = 0;; ++counter) {
    const auto path =
        folder / fmt::format("events.out.tfevents.{:010}.{}.{}.{}", static_cast<int64_t>(wall_time()),
                             host_name(), ::getpid(), counter);
    if (!std::filesystem::exists(path)) return path;
  }
}

class TensorboardSink : public MetricsSink {
 public:
  explicit TensorboardSink(std::filesystem::path folder) : folder_(std::move(folder)) {
    make_writable_folder(folder_);
  }

  void write(const MetricsRecord& record) override {
    std::string summary;
    for (const auto& [name, value] : record.values) put_scalar(summary, record.split + "/" + name, value);
    for (const auto& [name, values] : record.lists) {
      for (size_t i = 0; i < values.size(); ++i)
        put_scalar(summary, fmt::format("{}/{}/{:02}", record.split, name, i + 1), values[i]);
    }
    if (!summary.empty()) append(event(record.update, kEventSummary, summary));
  }

  void resume_at(int64_t update) override {
    file_.reset();
    // SessionLog{status: START}: TensorBoard forgets every step from this one on.
    std::string session;
    put_key(session, 1, kVarint);
    put_varint(session, 1);
    append(event(update + 1, kEventSessionLog, session));
  }

  void flush() override {
    if (file_) file_->sync();
  }

 private:
  void append(std::string_view data) {
    if (!file_) {
      file_.emplace(fresh_path(folder_));
      file_->append(framed(event(0, kEventFileVersion, "brain.Event:2")));
    }
    file_->append(framed(data));
  }

  std::filesystem::path folder_;
  std::optional<AppendFile> file_;
};

}  // namespace

std::unique_ptr<MetricsSink> open_tensorboard(const std::filesystem::path& folder) {
  return std::make_unique<TensorboardSink>(folder);
}

}  // namespace wav2vec
