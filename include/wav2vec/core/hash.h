#pragma once
// Checksums and content hashes.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wav2vec {

/// CRC-32C (Castagnoli, as in iSCSI, RFC 3720). `crc` continues an earlier call; crc32c("123456789") =
/// 0xE3069283.
uint32_t crc32c(const void* data, size_t bytes, uint32_t crc = 0);

/// CRC-32 (IEEE 802.3, as in zip and gzip). `crc` continues an earlier call; crc32("123456789") = 0xCBF43926.
uint32_t crc32(const void* data, size_t bytes, uint32_t crc = 0);

/// FNV-1a, 64 bits: for names and for finding equal content, not against an adversary.
constexpr uint64_t fnv1a64(std::string_view bytes, uint64_t hash = 0xCBF29CE484222325ULL) {
  for (char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return hash;
}

/// XXH64 (xxHash's specification, 64 bits): finds equal content at the speed of memory, not against an
/// adversary.
uint64_t xxh64(const void* data, size_t bytes, uint64_t seed = 0);

}  // namespace wav2vec
