#include "wav2vec/core/hash.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "wav2vec/core/rng.h"

namespace wav2vec {
namespace {

/// The definition: polynomial 0x1EDC6F41, reflected, bit by bit.
uint32_t crc32c_by_bits(const std::string& bytes) {
  uint32_t state = ~0U;
  for (const char c : bytes) {
    state ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) state = (state >> 1) ^ ((state & 1U) != 0 ? 0x82F63B78U : 0U);
  }
  return ~state;
}

TEST_CASE("crc32: the published check value, in one piece or two") {
  CHECK(crc32("123456789", 9) == 0xCBF43926U);
  CHECK(crc32("", 0) == 0U);
  const std::string bytes(37, 'x');
  CHECK(crc32(bytes.data() + 11, 26, crc32(bytes.data(), 11)) == crc32(bytes.data(), 37));
}

TEST_CASE("crc32c: the published check value and the definition") {
  CHECK(crc32c("123456789", 9) == 0xE3069283U);
  CHECK(crc32c("", 0) == 0U);
  CHECK(crc32c(std::string(32, '\0').data(), 32) == 0x8A9136AAU);  // RFC 3720, B.4
  CHECK(crc32c(std::string(32, '\xff').data(), 32) == 0x62A8AB43U);
  const RandomStream random(1, RandomUse::shuffle, {});
  std::string bytes;
  for (uint64_t i = 0; i < 70; ++i) {
    CHECK(crc32c(bytes.data(), bytes.size()) == crc32c_by_bits(bytes));
    bytes += static_cast<char>(random.bits(i));
  }
}

TEST_CASE("crc32c continues at any cut") {
  const std::string text = "The quick brown fox jumps over the lazy dog";
  const uint32_t whole = crc32c(text.data(), text.size());
  for (size_t cut = 0; cut <= text.size(); ++cut)
    CHECK(crc32c(text.data() + cut, text.size() - cut, crc32c(text.data(), cut)) == whole);
}

TEST_CASE("fnv1a64: published values, and it continues") {
  static_assert(fnv1a64("") == 0xCBF29CE484222325ULL);
  static_assert(fnv1a64("a") == 0xAF63DC4C8601EC8CULL);
  static_assert(fnv1a64("foobar") == 0x85944171F73967E8ULL);
  CHECK(fnv1a64("bar", fnv1a64("foo")) == fnv1a64("foobar"));
}

TEST_CASE("xxh64: published values") {
  const auto hash = [](std::string_view text, uint64_t seed = 0) {
    return xxh64(text.data(), text.size(), seed);
  };
  CHECK(hash("") == 0xEF46DB3751D8E999ULL);
  CHECK(hash("", 1) == 0xD5AFBA1336A3BE4BULL);
  CHECK(hash("a") == 0xD24EC4F1A98C6E5BULL);
  CHECK(hash("abc") == 0x44BC2CF5AD770999ULL);
  CHECK(hash("Nobody inspects the spammish repetition") == 0xFBCEA83C8A378BF1ULL);
  CHECK(hash("Call me Ishmael. Some years ago--never mind how long precisely-") == 0x02A2E85470D6FD96ULL);
}

}  // namespace
}  // namespace wav2vec
