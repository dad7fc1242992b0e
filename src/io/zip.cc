#include "wav2vec/io/zip.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <set>

#include "io/shown.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/hash.h"

namespace wav2vec {
namespace {

static_assert(std::endian::native == std::endian::little, "zip is little-endian");

constexpr uint32_t kLocalHeader = 0x04034b50;
constexpr uint32_t kCentralHeader = 0x02014b50;
constexpr uint32_t kEndRecord = 0x06054b50;
constexpr uint32_t kEndRecord64 = 0x06064b50;
constexpr uint32_t kEndLocator64 = 0x07064b50;
constexpr uint32_t kDataDescriptor = 0x08074b50;
constexpr uint64_t kLocalBytes = 30;
constexpr uint64_t kCentralBytes = 46;
constexpr uint64_t kEndBytes = 22;
constexpr uint64_t kEnd64Bytes = 56;
constexpr uint64_t kLocator64Bytes = 20;
constexpr uint16_t kZip64Extra = 1;
constexpr uint16_t kEncrypted = 1 | 0x40;  // bits 0 and 6
constexpr uint16_t kHasDescriptor = 8;
constexpr uint16_t kUtf8Name = 0x800;
constexpr uint16_t kMasked = 0x2000;  // names hidden
constexpr uint32_t kIn64 = 0xFFFFFFFF;
constexpr uint64_t kMaxEntries = 100'000;
constexpr uint64_t kMaxDirectoryBytes = 64 << 20;
constexpr size_t kDataAlignment = 64;

/// Numbers of a record, one after the other; never beyond it.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : bytes_(bytes) {}

  bool has(uint64_t bytes) const { return bytes <= bytes_.size(); }
  std::string_view take(uint64_t bytes) {
    W2V_CHECK(has(bytes), "a record is asked for its size first");
    const std::string_view part = bytes_.substr(0, bytes);
    bytes_.remove_prefix(bytes);
    return part;
  }
  template <class T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }

 private:
  std::string_view bytes_;
};

/// What local and central headers have in common.
struct Header {
  std::string name;
  uint16_t flags = 0;
  uint16_t method = 0;
  uint32_t crc = 0;
  uint64_t compressed = 0;
  uint64_t bytes = 0;
  uint64_t header_offset = 0;  // central only
  uint64_t header_bytes = 0;   // with name and extra
};

/// Sizes that stand in the extra field because 32 bits are too few. False when they are not there.
bool take_zip64(std::string_view extra, std::initializer_list<uint64_t*> values) {
  const bool needed =
      std::any_of(values.begin(), values.end(), [](const uint64_t* v) { return *v == kIn64; });
  if (!needed) return true;
  Fields fields(extra);
  while (fields.has(4)) {
    const auto kind = fields.number<uint16_t>();
    const auto bytes = fields.number<uint16_t>();
    if (!fields.has(bytes)) return false;
    Fields content(fields.take(bytes));
    if (kind != kZip64Extra) continue;
    for (uint64_t* value : values) {
      if (*value != kIn64) continue;
      if (!content.has(8)) return false;
      *value = content.number<uint64_t>();
    }
    return true;
  }
  return false;
}

bool is_plain_name(std::string_view name) {
  if (name.empty() || name.front() == '/' || !is_valid_utf8(name)) return false;
  if (name.find('\0') != std::string_view::npos || name.find('\\') != std::string_view::npos) return false;
  for (size_t begin = 0; begin <= name.size();) {
    const size_t end = std::min(name.find('/', begin), name.size());
    if (name.substr(begin, end - begin) == "..") return false;
    begin = end + 1;
  }
  return true;
}

class DirectoryReader {
 public:
  explicit DirectoryReader(RandomAccessFile& file) : file_(file) {}

  std::vector<ZipEntry> run() {
    find_directory();
    std::vector<Header> headers = read_central_headers();
    std::sort(headers.begin(), headers.end(),
              [](const Header& a, const Header& b) { return a.header_offset < b.header_offset; });
    std::vector<ZipEntry> entries;
    uint64_t end = 0;
    for (const Header& header : headers) {
      if (header.header_offset != end)
        fail(fmt::format("entry \"{}\" begins at byte {}, expected {}: {}", shown(header.name),
                         header.header_offset, end,
                         header.header_offset < end ? "entries overlap" : "there is a hole"));
      entries.push_back(locate(header));
      end = end_of(header, entries.back());
    }
    if (end != directory_offset_)
      fail(fmt::format("the entries end at byte {}, the directory begins at {}", end, directory_offset_));
    return entries;
  }

 private:
  [[noreturn]] void fail(std::string_view problem) const {
    throw FormatError(fmt::format("{}: not a usable zip archive: {}; get the file again",
                                  printable(file_.path().string()), problem));
  }

  std::string bytes_at(uint64_t offset, uint64_t bytes) {
    std::string record(bytes, '\0');
    file_.read(offset, std::as_writable_bytes(std::span(record)));
    return record;
  }

  void find_directory() {
    if (file_.size() < kEndBytes) fail(fmt::format("{} bytes (truncated?)", file_.size()));
    end_offset_ = file_.size() - kEndBytes;
    const std::string record = bytes_at(end_offset_, kEndBytes);
    Fields fields(record);
    if (fields.number<uint32_t>() != kEndRecord)
      fail("the last 22 bytes are no end record (truncated, or bytes behind the archive)");
    const auto disk = fields.number<uint16_t>();
    const auto directory_disk = fields.number<uint16_t>();
    const auto entries_here = fields.number<uint16_t>();
    uint64_t entries = fields.number<uint16_t>();
    uint64_t bytes = fields.number<uint32_t>();
    uint64_t offset = fields.number<uint32_t>();
    if (disk != 0 || directory_disk != 0 || entries_here != entries) fail("is one of several parts");
    if (fields.number<uint16_t>() != 0) fail("a comment");
    read_end64(entries, bytes, offset);
    if (entries > kMaxEntries) fail(fmt::format("{} entries, at most {} expected", entries, kMaxEntries));
    if (bytes > kMaxDirectoryBytes) fail(fmt::format("a directory of {} bytes", bytes));
    if (offset > end_offset_ || bytes != end_offset_ - offset)
      fail(fmt::format("a directory of {} bytes at {}, expected to end at {}", bytes, offset, end_offset_));
    entry_count_ = entries;
    directory_offset_ = offset;
  }

  /// The 64-bit end record, if there is one, counts; where the other one has numbers, they must agree.
  void read_end64(uint64_t& entries, uint64_t& bytes, uint64_t& offset) {
    const bool needed = entries == 0xFFFF || bytes == kIn64 || offset == kIn64;
    if (end_offset_ < kLocator64Bytes + kEnd64Bytes) {
      if (needed) fail("its 64-bit end record is missing");
      return;
    }
    const uint64_t locator_offset = end_offset_ - kLocator64Bytes;
    const std::string locator_bytes = bytes_at(locator_offset, kLocator64Bytes);
    Fields locator(locator_bytes);
    if (locator.number<uint32_t>() != kEndLocator64) {
      if (needed) fail("its 64-bit end record is missing");
      return;
    }
    locator.number<uint32_t>();
    const auto record_offset = locator.number<uint64_t>();
    if (record_offset != locator_offset - kEnd64Bytes) fail("its 64-bit end record is elsewhere");
    const std::string record = bytes_at(record_offset, kEnd64Bytes);
    Fields fields(record);
    if (fields.number<uint32_t>() != kEndRecord64 || fields.number<uint64_t>() != kEnd64Bytes - 12)
      fail("its 64-bit end record is broken");
    fields.take(12);  // versions, disks
    const auto entries_here = fields.number<uint64_t>();
    take_agreeing(entries, 0xFFFF, fields.number<uint64_t>());
    take_agreeing(bytes, kIn64, fields.number<uint64_t>());
    take_agreeing(offset, kIn64, fields.number<uint64_t>());
    if (entries_here != entries) fail("is one of several parts");
    end_offset_ = record_offset;
  }

  void take_agreeing(uint64_t& value, uint64_t unknown, uint64_t value64) const {
    if (value != unknown && value != value64) fail("its two end records disagree");
    value = value64;
  }

  std::vector<Header> read_central_headers() {
    const std::string directory = bytes_at(directory_offset_, end_offset_ - directory_offset_);
    Fields fields(directory);
    std::vector<Header> headers;
    std::set<std::string> names;
    while (fields.has(1)) {
      headers.push_back(read_central_header(fields));
      const std::string& name = headers.back().name;
      if (!is_plain_name(name)) fail(fmt::format("entry name \"{}\"", shown(name)));
      if (!names.insert(name).second) fail(fmt::format("\"{}\" occurs twice", shown(name)));
      if (headers.size() > entry_count_) fail("more entries than its end record says");
    }
    if (headers.size() != entry_count_)
      fail(fmt::format("{} entries, its end record says {}", headers.size(), entry_count_));
    return headers;
  }

  Header read_central_header(Fields& fields) const {
    if (!fields.has(kCentralBytes) || fields.number<uint32_t>() != kCentralHeader)
      fail("its directory is broken");
    fields.take(4);  // versions
    Header header;
    header.flags = fields.number<uint16_t>();
    header.method = fields.number<uint16_t>();
    fields.take(4);  // time
    header.crc = fields.number<uint32_t>();
    header.compressed = fields.number<uint32_t>();
    header.bytes = fields.number<uint32_t>();
    const auto name_bytes = fields.number<uint16_t>();
    const auto extra_bytes = fields.number<uint16_t>();
    const auto comment_bytes = fields.number<uint16_t>();
    fields.take(8);  // disk, attributes
    header.header_offset = fields.number<uint32_t>();
    if (!fields.has(uint64_t{name_bytes} + extra_bytes + comment_bytes)) fail("its directory is broken");
    header.name = fields.take(name_bytes);
    const std::string_view extra = fields.take(extra_bytes);
    fields.take(comment_bytes);
    if (!take_zip64(extra, {&header.bytes, &header.compressed, &header.header_offset}))
      fail(fmt::format("entry \"{}\": its 64-bit sizes are missing", shown(header.name)));
    return header;
  }

  Header read_local_header(uint64_t offset) {
    const std::string record = bytes_at(offset, kLocalBytes);
    Fields fields(record);
    if (fields.number<uint32_t>() != kLocalHeader) fail(fmt::format("no entry at byte {}", offset));
    fields.take(2);  // version
    Header header;
    header.flags = fields.number<uint16_t>();
    header.method = fields.number<uint16_t>();
    fields.take(4);  // time
    header.crc = fields.number<uint32_t>();
    header.compressed = fields.number<uint32_t>();
    header.bytes = fields.number<uint32_t>();
    const auto name_bytes = fields.number<uint16_t>();
    const auto extra_bytes = fields.number<uint16_t>();
    header.name = bytes_at(offset + kLocalBytes, name_bytes);
    const std::string extra = bytes_at(offset + kLocalBytes + name_bytes, extra_bytes);
    header.header_bytes = kLocalBytes + name_bytes + extra_bytes;
    if (!take_zip64(extra, {&header.bytes, &header.compressed}))
      fail(fmt::format("entry \"{}\": its 64-bit sizes are missing", shown(header.name)));
    return header;
  }

  ZipEntry locate(const Header& central) {
    const std::string name = shown(central.name);
    if ((central.flags & (kEncrypted | kMasked)) != 0) fail(fmt::format("entry \"{}\" is encrypted", name));
    if (central.method != 0)
      fail(fmt::format("entry \"{}\" is compressed (method {}), expected stored as PyTorch writes it", name,
                       central.method));
    if (central.compressed != central.bytes) fail(fmt::format("entry \"{}\" has two sizes", name));
    const Header local = read_local_header(central.header_offset);
    // With a descriptor the local header may leave sizes and CRC open.
    const auto agrees = [&](uint64_t local_value, uint64_t central_value) {
      return local_value == central_value || ((central.flags & kHasDescriptor) != 0 && local_value == 0);
    };
    if (local.name != central.name || local.flags != central.flags || local.method != central.method ||
        !agrees(local.crc, central.crc) || !agrees(local.bytes, central.bytes) ||
        !agrees(local.compressed, central.compressed))
      fail(fmt::format("entry \"{}\": its header and the directory disagree", name));
    const uint64_t offset = central.header_offset + local.header_bytes;
    if (offset > directory_offset_ || central.bytes > directory_offset_ - offset)
      fail(fmt::format("entry \"{}\" of {} bytes ends behind the directory's begin", name, central.bytes));
    return {central.name, offset, central.bytes, central.crc};
  }

  /// The byte behind the entry and its data descriptor.
  uint64_t end_of(const Header& header, const ZipEntry& entry) {
    const uint64_t data_end = entry.offset + entry.bytes;
    if ((header.flags & kHasDescriptor) == 0) return data_end;
    const std::string record = bytes_at(data_end, std::min<uint64_t>(24, directory_offset_ - data_end));
    if (record.size() >= 16 && descriptor_agrees<uint32_t>(record, entry)) return data_end + 16;
    if (record.size() >= 24 && descriptor_agrees<uint64_t>(record, entry)) return data_end + 24;
    fail(fmt::format("entry \"{}\": its data descriptor and the directory disagree", shown(entry.name)));
  }

  template <class Size>
  static bool descriptor_agrees(std::string_view record, const ZipEntry& entry) {
    Fields fields(record);
    return fields.number<uint32_t>() == kDataDescriptor && fields.number<uint32_t>() == entry.crc &&
           fields.number<Size>() == entry.bytes && fields.number<Size>() == entry.bytes;
  }

  RandomAccessFile& file_;
  uint64_t end_offset_ = 0;  // of whichever end record follows the directory
  uint64_t directory_offset_ = 0;
  uint64_t entry_count_ = 0;
};

}  // namespace

std::vector<ZipEntry> read_zip_directory(RandomAccessFile& file) { return DirectoryReader(file).run(); }

void verify_zip_entry(RandomAccessFile& file, const ZipEntry& entry) {
  constexpr uint64_t kBlock = 1 << 20;
  std::vector<std::byte> block(std::min(kBlock, entry.bytes));
  uint32_t crc = 0;
  for (uint64_t at = 0; at < entry.bytes; at += kBlock) {
    const auto part = std::span(block).first(std::min(kBlock, entry.bytes - at));
    file.read(entry.offset + at, part);
    crc = crc32(part.data(), part.size(), crc);
  }
  if (crc != entry.crc)
    throw FormatError(fmt::format("{}: entry \"{}\" has CRC {:08x}, expected {:08x}; the file is damaged",
                                  printable(file.path().string()), shown(entry.name), crc, entry.crc));
}

// ---- writing ----------------------------------------------------------------------------------------

namespace {

template <class... Numbers>
std::string record_of(Numbers... numbers) {
  std::string record;
  (record.append(reinterpret_cast<const char*>(&numbers), sizeof numbers), ...);
  return record;
}

constexpr uint16_t kVersion = 20;  // needed to extract
constexpr uint16_t kDosDate = 33;  // 1980-01-01: the bytes depend on nothing but the content
constexpr uint16_t kNone16 = 0;
constexpr uint32_t kNone32 = 0;

}  // namespace

void ZipWriter::add(std::string_view name, std::span<const std::byte> data) {
  const uint64_t header_offset = file_.size();
  // Padding is an extra field of PyTorch's kind "FB": 4 bytes and what is missing to the boundary.
  const uint64_t unpadded = header_offset + kLocalBytes + name.size() + 4;
  const uint64_t padding = (kDataAlignment - unpadded % kDataAlignment) % kDataAlignment;
  if (data.size() >= kIn64 || unpadded + padding + data.size() >= kIn64 - (1 << 20))
    throw DataError(
        fmt::format("{}: would need more than 4 GiB; write .safetensors instead", printable(path_.string())));
  const uint32_t crc = crc32(data.data(), data.size());
  const auto bytes = static_cast<uint32_t>(data.size());
  file_.write(record_of(kLocalHeader, kVersion, kUtf8Name, kNone16, kNone16, kDosDate, crc, bytes, bytes,
                        static_cast<uint16_t>(name.size()), static_cast<uint16_t>(4 + padding)));
  file_.write(name);
  file_.write("FB" + record_of(static_cast<uint16_t>(padding)) + std::string(padding, 'Z'));
  written_.push_back({{std::string(name), file_.size(), data.size(), crc}, header_offset});
  file_.write(data.data(), data.size());
}

void ZipWriter::commit() {
  const uint64_t directory_offset = file_.size();
  for (const Written& written : written_) {
    const ZipEntry& entry = written.entry;
    const auto bytes = static_cast<uint32_t>(entry.bytes);
    file_.write(record_of(kCentralHeader, kVersion, kVersion, kUtf8Name, kNone16, kNone16, kDosDate,
                          entry.crc, bytes, bytes, static_cast<uint16_t>(entry.name.size()), kNone16, kNone16,
                          kNone16, kNone16, kNone32, static_cast<uint32_t>(written.header_offset)));
    file_.write(entry.name);
  }
  const auto count = static_cast<uint16_t>(written_.size());
  W2V_CHECK(written_.size() < 0xFFFF && file_.size() < kIn64, "the archive is a small one");
  file_.write(record_of(kEndRecord, kNone16, kNone16, count, count,
                        static_cast<uint32_t>(file_.size() - directory_offset),
                        static_cast<uint32_t>(directory_offset), kNone16));
  file_.commit();
}

}  // namespace wav2vec
