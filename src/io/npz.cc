#include "io/npz.h"

#include <array>
#include <bit>
#include <string>
#include <vector>

#include "io/byte_sink.h"
#include "wav2vec/io/npy.h"

namespace wav2vec {
namespace {

static_assert(std::endian::native == std::endian::little, "ZIP archives are little-endian");

constexpr uint64_t kNarrow = 0xFFFFFFFF;  // stands where the field of ZIP64 counts
constexpr uint16_t kDate1980 = 0x21;

// ---- CRC-32 (polynomial 0xEDB88320, as ZIP has it) ------------------------------------------------------

using CrcTables = std::array<std::array<uint32_t, 256>, 8>;

constexpr CrcTables make_crc_tables() {
  CrcTables tables{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320U : 0U);
    tables[0][i] = crc;
  }
  for (size_t k = 1; k < tables.size(); ++k) {
    for (size_t i = 0; i < 256; ++i)
      tables[k][i] = tables[k - 1][i] >> 8 ^ tables[0][tables[k - 1][i] & 0xFF];
  }
  return tables;
}
constexpr CrcTables kCrcTables = make_crc_tables();

uint32_t crc32(std::string_view bytes, uint32_t crc) {
  crc = ~crc;
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  size_t at = 0;
  for (; bytes.size() - at >= 8; at += 8) {  // eight bytes at a time
    uint32_t next = 0;
    for (size_t k = 0; k < 8; ++k) {
      const uint32_t mixed = byte(at + k) ^ (k < 4 ? crc >> 8 * k & 0xFF : 0U);
      next ^= kCrcTables[7 - k][mixed];
    }
    crc = next;
  }
  for (; at < bytes.size(); ++at) crc = crc >> 8 ^ kCrcTables[0][(crc ^ byte(at)) & 0xFF];
  return ~crc;
}

// ---- the archive ----------------------------------------------------------------------------------------

struct Member {
  std::string name;
  uint64_t offset = 0;
  uint64_t bytes = 0;
  uint32_t crc = 0;

  bool wide() const { return bytes >= kNarrow; }
};

class Fields {
 public:
  Fields& u16(uint64_t value) { return add(static_cast<uint16_t>(value)); }
  Fields& u32(uint64_t value) { return add(static_cast<uint32_t>(value)); }
  Fields& u64(uint64_t value) { return add(value); }
  Fields& text(std::string_view value) {
    bytes_ += value;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  template <class T>
  Fields& add(T value) {
    bytes_ += bytes_of(value);
    return *this;
  }
  std::string bytes_;
};

/// What local header and central directory have in common: from the version to the length of the name.
void add_common(Fields& fields, const Member& member) {
  const uint64_t shown = member.wide() ? kNarrow : member.bytes;
  fields.u16(member.wide() ? 45 : 20).u16(0).u16(0).u16(0).u16(kDate1980);
  fields.u32(member.crc).u32(shown).u32(shown).u16(member.name.size()).u16(member.wide() ? 20 : 0);
}

void add_wide_sizes(Fields& fields, const Member& member) {
  if (member.wide()) fields.u16(1).u16(16).u64(member.bytes).u64(member.bytes);
}

std::string local_header(const Member& member) {
  Fields fields;
  fields.u32(0x04034B50);
  add_common(fields, member);
  fields.text(member.name);
  add_wide_sizes(fields, member);
  return fields.bytes();
}

/// A stored member of known size. `write_data` hands its bytes to the sink; the checksum follows into the
/// header.
Member add_member(AtomicFile& file, const std::string& name, uint64_t bytes,
                  const std::function<void(const ByteSink&)>& write_data) {
  Member member{name, file.size(), bytes, 0};
  file.write(local_header(member));
  write_data([&](std::string_view piece) {
    member.crc = crc32(piece, member.crc);
    file.write(piece);
  });
  const std::string header = local_header(member);
  file.write_at(member.offset, header.data(), header.size());
  return member;
}

// Members begin within the first 4 GiB: only the last one is large.
void write_directory(AtomicFile& file, const std::vector<Member>& members) {
  const uint64_t start = file.size();
  Fields fields;
  for (const Member& member : members) {
    fields.u32(0x02014B50).u16(45);
    add_common(fields, member);
    fields.u16(0).u16(0).u16(0).u32(0).u32(member.offset).text(member.name);
    add_wide_sizes(fields, member);
  }
  const uint64_t bytes = fields.bytes().size();
  const uint64_t count = members.size();
  if (start >= kNarrow) {
    const uint64_t end = start + bytes;
    fields.u32(0x06064B50).u64(44).u16(45).u16(45).u32(0).u32(0).u64(count).u64(count).u64(bytes).u64(start);
    fields.u32(0x07064B50).u32(0).u64(end).u32(1);
  }
  fields.u32(0x06054B50).u16(0).u16(0).u16(count).u16(count).u32(bytes).u32(std::min(start, kNarrow)).u16(0);
  file.write(fields.bytes());
}

}  // namespace

void write_npz(const FeatureRows& rows, std::string_view contract, AtomicFile& file) {
  std::vector<Member> members;
  const std::string text = npy_header("|S" + std::to_string(contract.size()), {}).append(contract);
  members.push_back(add_member(file, "contract.npy", text.size(), [&](const ByteSink& sink) { sink(text); }));
  const int64_t shape[] = {rows.frames, rows.channels};
  const std::string header = npy_header("<f4", shape);
  const uint64_t values = static_cast<uint64_t>(rows.frames) * static_cast<uint64_t>(rows.channels);
  members.push_back(
      add_member(file, "features.npy", header.size() + values * sizeof(float), [&](const ByteSink& sink) {
        sink(header);
        for_each_piece(rows, [&](int64_t, std::span<const float> piece) { sink(bytes_of_values(piece)); });
      }));
  write_directory(file, members);
}

}  // namespace wav2vec
