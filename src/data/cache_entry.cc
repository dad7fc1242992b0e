#include "data/cache_entry.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <bit>
#include <cstddef>
#include <cstring>

#include "data/file_descriptor.h"
#include "wav2vec/core/file.h"
#include "wav2vec/core/hash.h"

namespace wav2vec {
namespace {

static_assert(std::endian::native == std::endian::little);

struct Header {
  char magic[8] = {'w', '2', 'v', 'p', 'c', 'm', '1', '\n'};
  CacheKey key;
  uint64_t samples = 0;
  uint32_t samples_crc = 0;
  uint32_t header_crc = 0;  ///< of everything before it
};
static_assert(sizeof(Header) == 56 && std::has_unique_object_representations_v<Header>);

Header make_header(const CacheKey& key, std::span<const int16_t> samples) {
  Header header;
  header.key = key;
  header.samples = samples.size();
  header.samples_crc = crc32c(samples.data(), samples.size_bytes());
  header.header_crc = crc32c(&header, offsetof(Header, header_crc));
  return header;
}

}  // namespace

std::filesystem::path cache_entry_name(const CacheKey& key) {
  const std::string name =
      fmt::format("{:016x}-{:016x}-{}{}", key.content.hash, key.settings, key.piece, kCacheEntryEnding);
  return std::filesystem::path(name.substr(0, 2)) / name;
}

uint64_t cache_entry_bytes(size_t samples) { return sizeof(Header) + samples * sizeof(int16_t); }

// Read and not mapped: a mapping of a file that somebody cuts off kills the process at the next touch, the
// checksum needs every sample anyway, and copying 1 MiB out of the page cache costs less than its page
// faults.
std::optional<std::vector<int16_t>> read_cache_entry(const std::filesystem::path& path, const CacheKey& key,
                                                     size_t max_samples, int64_t mark_before_ns) {
  const FileDescriptor file = open_to_read(path);
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  const auto bytes = static_cast<uint64_t>(status.st_size);
  if (bytes < cache_entry_bytes(1) || bytes > cache_entry_bytes(max_samples)) return std::nullopt;
  Header found;
  if (!read_at(file.get(), 0, &found, sizeof(found))) return std::nullopt;
  if (found.samples > max_samples || cache_entry_bytes(found.samples) != bytes) return std::nullopt;
  std::vector<int16_t> samples(found.samples);
  if (!read_at(file.get(), sizeof(Header), samples.data(), samples.size() * sizeof(int16_t)))
    return std::nullopt;
  const Header expected = make_header(key, samples);
  if (std::memcmp(&found, &expected, sizeof(Header)) != 0) return std::nullopt;

  const int64_t marked_ns = status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec;
  if (marked_ns < mark_before_ns) ::futimens(file.get(), nullptr);  // in vain in a read-only folder
  return samples;
}

void write_cache_entry(const std::filesystem::path& path, const CacheKey& key,
                       std::span<const int16_t> samples) {
  const Header header = make_header(key, samples);
  AtomicFile file(path);
  file.write(&header, sizeof(header));
  file.write(samples.data(), samples.size_bytes());
  file.publish();
}

}  // namespace wav2vec
