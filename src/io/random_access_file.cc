#include "wav2vec/io/random_access_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"

namespace wav2vec {

RandomAccessFile RandomAccessFile::open(const std::filesystem::path& path) {
  const std::string name = printable(path.string());
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error))
    throw DataError(
        fmt::format("{}: {}; check the path", name, error ? error.message() : "not a regular file"));
  RandomAccessFile file;
  file.path_ = path;
  file.stream_.open(path, std::ios::binary | std::ios::ate);
  if (!file.stream_)
    throw DataError(fmt::format("{}: cannot open: {}; check the path", name, std::strerror(errno)));
  file.size_ = static_cast<uint64_t>(file.stream_.tellg());
  return file;
}

void RandomAccessFile::read(uint64_t offset, std::span<std::byte> out) {
  if (offset > size_ || out.size() > size_ - offset)
    throw FormatError(fmt::format("{}: ends at byte {}, expected {} bytes at {} (truncated?)",
                                  printable(path_.string()), size_, out.size(), offset));
  if (out.empty()) return;
  stream_.clear();
  stream_.seekg(static_cast<std::streamoff>(offset));
  stream_.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
  if (!stream_)
    throw DataError(fmt::format("{}: cannot read {} bytes at {}: the file has changed or the disk fails",
                                printable(path_.string()), out.size(), offset));
}

}  // namespace wav2vec
