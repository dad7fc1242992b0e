// Features on standard output, for a program at the other end of a pipe.

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "io/feature_encoders.h"
#include "io/feature_writers.h"
#include "io/kaldi_matrix.h"
#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

void write_to_stdout(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0)
      throw DiskError(fmt::format("standard output: cannot write: {}; {}", std::strerror(errno),
                                  errno == EPIPE ? "its reader has gone" : "choose another place"));
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

/// Every utterance is handed on before write() returns.
class StreamWriter : public FeatureWriter {
 public:
  StreamWriter(FeatureFormat format, FeatureContract contract)
      : format_(format), contract_(std::move(contract)) {}

  bool has(std::string_view id) override {
    utterance_path(id);
    return false;
  }

  void write(std::string_view id, const FeatureRows& rows) override {
    if (format_ == FeatureFormat::ark || format_ == FeatureFormat::ark_text) require_kaldi_key(id);
    utterance_path(id);
    if (format_ == FeatureFormat::npy && count_ > 0)
      throw ConfigError("npy on standard output holds one utterance; choose ark, ark-text, csv or a folder");
    used_.add(id);
    const ByteSink sink = [this](std::string_view bytes) { buffer(bytes); };
    encode(id, rows, sink);
    flush();
    ++count_;
  }

  void close() override {}

 private:
  void encode(std::string_view id, const FeatureRows& rows, const ByteSink& sink) {
    if (format_ == FeatureFormat::npy) return write_npy_rows(rows, sink);
    if (format_ == FeatureFormat::csv) {
      if (count_ == 0) write_csv_header(rows.channels, sink);
      return write_csv_rows(id, rows, contract_, sink);
    }
    sink(id);
    sink(" ");
    if (format_ == FeatureFormat::ark) write_kaldi_binary(rows, sink);
    if (format_ == FeatureFormat::ark_text) write_kaldi_text(rows, sink);
  }

  void buffer(std::string_view bytes) {
    constexpr size_t kMost = 1 << 20;
    buffer_ += bytes;
    if (buffer_.size() >= kMost) flush();
  }

  void flush() {
    write_to_stdout(buffer_);
    buffer_.clear();
  }

  FeatureFormat format_;
  FeatureContract contract_;
  UsedIds used_;
  std::string buffer_;
  int64_t count_ = 0;
};

}  // namespace

std::unique_ptr<FeatureWriter> make_stream_writer(FeatureFormat format, const FeatureContract& contract) {
  if (format != FeatureFormat::npy && format != FeatureFormat::ark && format != FeatureFormat::ark_text &&
      format != FeatureFormat::csv)
    throw ConfigError(
        fmt::format("{} cannot go to standard output; choose ark, ark-text, csv, npy or a folder",
                    kFeatureFormatNames[static_cast<size_t>(format)]));
  return std::make_unique<StreamWriter>(format, contract);
}

}  // namespace wav2vec
