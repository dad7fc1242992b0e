#include "audio/header_claims.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace wav2vec {
namespace {

constexpr int kMaxChunks = 1000;
// ffmpeg writes 2^32 - 1 into a pipe, sox 0x7FFFF000, others 2^31 - 1 or so.
constexpr uint32_t kSmallestPipeSize = 0x7FFF0000;

uint64_t file_size(int descriptor) {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 ? static_cast<uint64_t>(status.st_size) : 0;
}

bool read_at(int descriptor, uint64_t offset, void* into, size_t bytes) {
  return ::pread(descriptor, into, bytes, static_cast<off_t>(offset)) == static_cast<ssize_t>(bytes);
}

// Little-endian, as RIFF and our only platforms are.
template <class T>
T load(const unsigned char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

uint32_t load_big_endian(const unsigned char* at) { return __builtin_bswap32(load<uint32_t>(at)); }

bool has_fixed_frame_size(uint16_t format_tag) {
  // PCM, float, A-law, mu-law, extensible (which holds one of the former in practice).
  return format_tag == 1 || format_tag == 3 || format_tag == 6 || format_tag == 7 || format_tag == 0xFFFE;
}

}  // namespace

int64_t claimed_wav_frames(int descriptor) {
  const uint64_t size = file_size(descriptor);
  uint64_t at = 12;
  uint64_t wide_data_bytes = 0;
  uint64_t frame_bytes = 0;
  for (int chunk = 0; chunk < kMaxChunks; ++chunk) {
    unsigned char head[8 + 16];
    if (!read_at(descriptor, at, head, 8)) return -1;
    const std::string_view id(reinterpret_cast<const char*>(head), 4);
    const auto bytes = load<uint32_t>(head + 4);
    if (id == "ds64" && read_at(descriptor, at, head, 24)) wide_data_bytes = load<uint64_t>(head + 16);
    if (id == "fmt " && read_at(descriptor, at, head, 24) && has_fixed_frame_size(load<uint16_t>(head + 8)))
      frame_bytes = load<uint16_t>(head + 20);
    if (id == "data") {
      if (frame_bytes == 0 || bytes == 0) return -1;
      if (bytes == UINT32_MAX && wide_data_bytes > 0)
        return static_cast<int64_t>(std::min<uint64_t>(wide_data_bytes / frame_bytes, INT64_MAX));
      if (bytes >= kSmallestPipeSize && at + 8 + bytes > size) return -1;
      return static_cast<int64_t>(bytes / frame_bytes);
    }
    at += 8 + static_cast<uint64_t>(bytes) + (bytes & 1U);
  }
  return -1;
}

int64_t claimed_w64_frames(int descriptor) {
  // Chunks have a GUID that begins with the name in RIFF, and a size that counts their head of 24 bytes.
  constexpr uint64_t kHeadBytes = 24;
  const uint64_t size = file_size(descriptor);
  uint64_t at = 40;
  uint64_t frame_bytes = 0;
  for (int chunk = 0; chunk < kMaxChunks; ++chunk) {
    unsigned char head[kHeadBytes + 16];
    if (!read_at(descriptor, at, head, kHeadBytes)) return -1;
    const std::string_view id(reinterpret_cast<const char*>(head), 4);
    const auto bytes = load<uint64_t>(head + 16);
    if (bytes < kHeadBytes) return -1;
    if (id == "fmt " && read_at(descriptor, at, head, sizeof head) &&
        has_fixed_frame_size(load<uint16_t>(head + kHeadBytes)))
      frame_bytes = load<uint16_t>(head + kHeadBytes + 12);
    if (id == "data") {
      if (frame_bytes == 0 || bytes > uint64_t{INT64_MAX}) return -1;
      return static_cast<int64_t>((bytes - kHeadBytes) / frame_bytes);
    }
    if (bytes > size - at) return -1;
    at += (bytes + 7) / 8 * 8;
  }
  return -1;
}

int64_t claimed_nist_frames(int descriptor) {
  std::string head(1024, '\0');
  const ssize_t n = ::pread(descriptor, head.data(), head.size(), 0);
  head.resize(n > 0 ? static_cast<size_t>(n) : 0);
  constexpr std::string_view kField = "\nsample_count -i ";
  const size_t field = head.find(kField);
  if (field == std::string::npos) return -1;
  int64_t frames = 0;
  const char* const begin = head.data() + field + kField.size();
  const auto [end, error] = std::from_chars(begin, head.data() + head.size(), frames);
  return error == std::errc() && frames >= 0 ? frames : -1;
}

int64_t claimed_aiff_frames(int descriptor) {
  uint64_t at = 12;
  for (int chunk = 0; chunk < kMaxChunks; ++chunk) {
    unsigned char head[8 + 6];
    if (!read_at(descriptor, at, head, sizeof head)) return -1;
    if (std::string_view(reinterpret_cast<const char*>(head), 4) == "COMM") return load_big_endian(head + 10);
    const uint32_t bytes = load_big_endian(head + 4);
    at += 8 + uint64_t{bytes} + (bytes & 1U);
  }
  return -1;
}

bool lacks_ogg_end(int descriptor) {
  // A page is at most 27 + 255 + 255 * 255 bytes, so the last page starts within these.
  const uint64_t size = file_size(descriptor);
  std::vector<char> tail(static_cast<size_t>(std::min<uint64_t>(size, 2 * 65307)));
  if (!read_at(descriptor, size - tail.size(), tail.data(), tail.size())) return false;
  const size_t page = std::string_view(tail.data(), tail.size()).rfind("OggS");
  if (page == std::string_view::npos || page + 27 > tail.size()) return true;
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(tail[page + i]); };
  const bool has_end_flag = (byte(5) & 0x04U) != 0;
  size_t page_bytes = 27 + size_t{byte(26)};
  for (size_t i = 0; i < byte(26) && page + 27 + i < tail.size(); ++i) page_bytes += byte(27 + i);
  return !has_end_flag || page + page_bytes > tail.size();
}

}  // namespace wav2vec
