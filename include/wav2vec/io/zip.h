#pragma once
// Zip archives (PKWARE's APPNOTE 6.3) of stored entries, as PyTorch writes them. Reading is strict: what two
// readers could understand in two ways is refused.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wav2vec/core/file.h"
#include "wav2vec/io/random_access_file.h"

namespace wav2vec {

struct ZipEntry {
  std::string name;
  uint64_t offset = 0;  ///< of the data, in the file
  uint64_t bytes = 0;
  uint32_t crc = 0;
};

/// The entries in the order of their data. Throws FormatError naming the entry and the broken rule: stored
/// and not encrypted; every local header agrees with the central directory; entries, directory and end record
/// follow each other without hole or overlap from the first to the last byte of the file; names are relative,
/// plain and different; at most 100,000 entries.
std::vector<ZipEntry> read_zip_directory(RandomAccessFile& file);

/// Reads an entry through and throws FormatError when its CRC-32 is another.
void verify_zip_entry(RandomAccessFile& file, const ZipEntry& entry);

/// Writes an archive whole or not at all; the data of every entry begins at a multiple of 64.
class ZipWriter {
 public:
  explicit ZipWriter(const std::filesystem::path& path) : path_(path), file_(path) {}

  /// Throws DataError when the archive would grow beyond 4 GiB, which needs another kind of zip.
  void add(std::string_view name, std::span<const std::byte> data);
  void commit();

 private:
  struct Written {
    ZipEntry entry;
    uint64_t header_offset = 0;
  };

  std::filesystem::path path_;
  AtomicFile file_;
  std::vector<Written> written_;
};

}  // namespace wav2vec
