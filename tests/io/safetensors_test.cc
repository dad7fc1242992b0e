#include "wav2vec/io/safetensors.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "support/temporary_folder.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/file.h"
#include "wav2vec/core/rng.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kPlenty = uint64_t{1} << 30;

std::string file_with_header(std::string_view header, size_t data_bytes) {
  const uint64_t length = header.size();
  std::string bytes(reinterpret_cast<const char*>(&length), 8);
  bytes += header;
  return bytes + std::string(data_bytes, '\x01');
}

/// The error message that opening these bytes gives, or "" when they are accepted.
std::string error_of(const std::string& bytes) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "a.safetensors";
  write_file(path, bytes);
  try {
    SafetensorsFile::open(path);
  } catch (const FormatError& error) {
    const std::string message = error.what();
    CHECK(message.starts_with(path.string() + ": "));
    CHECK(message.find('\n') == std::string::npos);
    return message;
  }
  return "";
}

bool refused(const std::string& bytes, std::string_view because) {
  const std::string message = error_of(bytes);
  CAPTURE(message);
  CHECK(message.find(because) != std::string::npos);
  return !message.empty();
}

bool header_refused(std::string_view header, size_t data_bytes, std::string_view because) {
  CAPTURE(header);
  return refused(file_with_header(header, data_bytes), because);
}

TEST_CASE("tensors and metadata come back to the last bit") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "new" / "a.safetensors";
  const std::vector<float> matrix = {
      1.0F,           -0.0F, std::numeric_limits<float>::denorm_min(), std::numeric_limits<float>::infinity(),
      std::nanf("1"), 3.5F};
  const std::vector<float> scalar = {7.0F};
  const std::vector<float> nothing;
  const std::vector<double> moments = {1e-300, 0.1};
  const std::vector<int64_t> integers = {-1, std::numeric_limits<int64_t>::min()};
  const std::vector<uint64_t> words = {~uint64_t{0}};
  const std::map<std::string, std::string> metadata = {{"config", "[model]\nx = \"ä\\\"\""}, {"", "\x01"}};
  const TensorToWrite tensors[] = {{"b.weight", {2, 3}, matrix}, {"a\"\n\x1b", {}, scalar},
                                   {"empty", {4, 0}, nothing},   {"moments", {2}, moments},
                                   {"integers", {2}, integers},  {"words", {1}, words}};
  write_safetensors(path, tensors, metadata);

  SafetensorsFile file = SafetensorsFile::open(path);
  CHECK(file.metadata() == metadata);
  REQUIRE(file.tensors().size() == 6);
  REQUIRE(file.find("b.weight") != nullptr);
  CHECK(file.find("b.weight")->shape == std::vector<int64_t>{2, 3});
  CHECK(file.find("b.weight")->dtype == "F32");
  CHECK(file.find("empty")->count() == 0);
  CHECK(file.find("none") == nullptr);

  std::vector<float> matrix_back(6);
  file.read_f32("b.weight", matrix_back);
  CHECK(std::memcmp(matrix_back.data(), matrix.data(), 24) == 0);
  float scalar_back = 0;
  file.read_f32("a\"\n\x1b", {&scalar_back, 1});
  CHECK(scalar_back == 7.0F);
  std::vector<double> moments_back(2);
  file.read("moments", moments_back);
  CHECK(moments_back == moments);
  std::vector<int64_t> integers_back(2);
  file.read("integers", integers_back);
  CHECK(integers_back == integers);
  std::vector<uint64_t> words_back(1);
  file.read("words", words_back);
  CHECK(words_back == words);
  file.read_f32("empty", {});
}

TEST_CASE("the bytes depend on the content only, and the data is aligned") {
  const TemporaryFolder folder;
  const std::vector<float> three = {1, 2, 3};
  const std::vector<double> two = {1, 2};
  const TensorToWrite forward[] = {{"a", {3}, three}, {"b", {3}, three}, {"c", {2}, two}};
  const TensorToWrite backward[] = {{"c", {2}, two}, {"b", {3}, three}, {"a", {3}, three}};
  write_safetensors(folder.path() / "1", forward, {{"k", "v"}});
  write_safetensors(folder.path() / "2", backward, {{"k", "v"}});
  const std::string bytes = read_file(folder.path() / "1", kPlenty);
  CHECK(bytes == read_file(folder.path() / "2", kPlenty));

  uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, bytes.data(), 8);
  CHECK((8 + header_bytes) % 64 == 0);
  const SafetensorsFile file = SafetensorsFile::open(folder.path() / "1");
  for (const TensorEntry& tensor : file.tensors())
    CHECK(tensor.offset % (tensor.dtype == "F64" ? 8 : 4) == 0);
}

TEST_CASE("a file without tensors is a file") {
  const TemporaryFolder folder;
  write_safetensors(folder.path() / "a", {}, {});
  CHECK(SafetensorsFile::open(folder.path() / "a").tensors().empty());
}

TEST_CASE("reading asks for what is there") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "a";
  const std::vector<float> three = {1, 2, 3};
  const TensorToWrite tensors[] = {{"a", {3}, three}};
  write_safetensors(path, tensors, {});
  SafetensorsFile file = SafetensorsFile::open(path);
  std::vector<float> two(2);
  std::vector<double> doubles(3);
  CHECK_THROWS_WITH_AS(file.read_f32("a", two),
                       (path.string() + ": tensor \"a\" has shape [3], expected 2 values").c_str(),
                       DataError);
  CHECK_THROWS_WITH_AS(file.read_f32("b\n", two), (path.string() + ": has no tensor \"b\\n\"").c_str(),
                       DataError);
  CHECK_THROWS_WITH_AS(file.read("a", doubles),
                       (path.string() + ": tensor \"a\" is F32, expected F64").c_str(), DataError);
}

TEST_CASE("our own mistakes are bugs, not files") {
  const TemporaryFolder folder;
  const std::vector<float> three = {1, 2, 3};
  const auto write = [&](std::vector<TensorToWrite> tensors) {
    write_safetensors(folder.path() / "a", tensors, {});
  };
  CHECK_THROWS_AS(write({{"a", {4}, three}}), InternalError);
  CHECK_THROWS_AS(write({{"a", {3}, three}, {"a", {3}, three}}), InternalError);
  CHECK_THROWS_AS(write({{"__metadata__", {3}, three}}), InternalError);
  CHECK_THROWS_AS(write({{"\xff", {3}, three}}), InternalError);
  CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("metadata that is not text does not stop a save") {
  const TemporaryFolder folder;
  write_safetensors(folder.path() / "a", {}, {{"path", "x\xffy"}});
  CHECK(SafetensorsFile::open(folder.path() / "a").metadata().at("path") == "x\xEF\xBF\xBDy");
}

TEST_CASE("half and bfloat16 become single precision exactly") {
  CHECK(half_to_float(0x3C00) == 1.0F);
  CHECK(half_to_float(0xC000) == -2.0F);
  CHECK(half_to_float(0x7BFF) == 65504.0F);
  CHECK(half_to_float(0x0001) == 0x1p-24F);
  CHECK(half_to_float(0x83FF) == -0x1.ff8p-15F);
  CHECK(half_to_float(0x0400) == 0x1p-14F);
  CHECK(half_to_float(0x3555) == 0.333251953125F);
  CHECK(std::isinf(half_to_float(0xFC00)));
  CHECK(std::isnan(half_to_float(0x7E00)));
  CHECK(std::signbit(half_to_float(0x8000)));
  CHECK(bfloat16_to_float(0x3F80) == 1.0F);
  CHECK(bfloat16_to_float(0xC049) == -3.140625F);

  const TemporaryFolder folder;
  const fs::path path = folder.path() / "a";
  std::string header = R"({"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},)"
                       R"("b":{"dtype":"BF16","shape":[1],"data_offsets":[4,6]}})";
  write_file(path, file_with_header(header, 0) + std::string("\x00\x3c\x00\xc0\x80\x3f", 6));
  SafetensorsFile file = SafetensorsFile::open(path);
  std::vector<float> h(2);
  file.read_f32("h", h);
  CHECK(h == std::vector<float>{1.0F, -2.0F});
  float b = 0;
  file.read_f32("b", {&b, 1});
  CHECK(b == 1.0F);
}

TEST_CASE("files that are no files") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(SafetensorsFile::open(folder.path() / "none"), DataError);
  CHECK_THROWS_AS(SafetensorsFile::open(folder.path()), DataError);
  const fs::path pipe = folder.path() / "pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  CHECK_THROWS_AS(SafetensorsFile::open(pipe), DataError);  // and does not wait for a writer
}

TEST_CASE("length and frame of the header") {
  for (size_t n = 0; n < 10; ++n) CHECK(refused(std::string(n, '\0'), "bytes, at least 10"));
  CHECK(refused(std::string(64, '\0'), "a header of 0 bytes"));
  const auto with_length = [](uint64_t length) {
    return std::string(reinterpret_cast<const char*>(&length), 8) + "{}" + std::string(100, ' ');
  };
  CHECK(refused(with_length(103), "a header of 103 bytes in a file of 110"));
  CHECK(refused(with_length(1), "a header of 1 bytes"));
  CHECK(refused(with_length(100'000'001), "at most 100000000"));
  CHECK(refused(with_length(~uint64_t{0}), "at most 100000000"));
  CHECK(error_of(with_length(102)).empty());
}

TEST_CASE("text that is not exactly one JSON object") {
  CHECK(header_refused(" {}", 0, "start with '{'"));
  CHECK(header_refused("[]", 0, "start with '{'"));
  CHECK(header_refused("\xEF\xBB\xBF{}", 0, "start with '{'"));
  CHECK(header_refused("{}x", 0, "JSON"));
  CHECK(header_refused("{}{}", 0, "JSON"));
  CHECK(header_refused("{,}", 0, "JSON"));
  CHECK(header_refused("{/**/}", 0, "JSON"));
  CHECK(header_refused(std::string_view("{}\0\0", 4), 0, "NUL"));
  CHECK(header_refused("{\"\xff\":{}}", 0, "JSON"));
  CHECK(header_refused("{\"\xc0\xaf\":{}}", 0, "JSON"));
  CHECK(header_refused(R"({"\ud800":{}})", 0, "JSON"));
  CHECK(header_refused(R"({"a":)", 0, "JSON"));
  CHECK(header_refused(R"({"a":)" + std::string(100000, '['), 0, "unexpected an array"));
  CHECK(header_refused(R"({"a":null})", 0, "null"));
  CHECK(header_refused(R"({"a":{"dtype":{"x":1}}})", 0, "an object"));
  CHECK(header_refused("{\"" + std::string(5000, 'a') + "\":{}}", 0, "a name of 5000 bytes"));
}

TEST_CASE("keys: every one once, none missing, none unknown") {
  const std::string tensor = R"({"dtype":"U8","shape":[1],"data_offsets":[0,1]})";
  CHECK(error_of(file_with_header(R"({"a":)" + tensor + "}", 1)).empty());
  CHECK(header_refused(R"({"a":)" + tensor + R"(,"a":)" + tensor + "}", 1, "\"a\" occurs twice"));
  CHECK(header_refused(R"({"a":)" + tensor + R"(,"\u0061":)" + tensor + "}", 1, "\"a\" occurs twice"));
  CHECK(header_refused(R"({"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1,
                       "\"dtype\" occurs twice"));
  CHECK(header_refused(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1}})", 1,
                       "unknown field \"x\""));
  CHECK(header_refused(R"({"a":{"dtype":"U8","shape":[1]}})", 0, "are needed"));
  CHECK(header_refused(R"({"a":{"dtype":"U8","data_offsets":[0,1]}})", 1, "are needed"));
  CHECK(header_refused(R"({"a":{}})", 0, "are needed"));
  CHECK(header_refused(R"({"__metadata__":{"k":"v","k":"w"}})", 0, "occurs twice"));
  CHECK(header_refused(R"({"__metadata__":{},"__metadata__":{}})", 0, "occurs twice"));
  for (const char* value : {"1", "[]", "{}", "null", "true", "1.5"})
    CHECK(header_refused(fmt::format(R"({{"__metadata__":{{"k":{}}}}})", value), 0, "unexpected"));
  for (const char* value : {"1", "[]", "\"x\"", "null"})
    CHECK(header_refused(fmt::format(R"({{"__metadata__":{}}})", value), 0, "unexpected"));
}

TEST_CASE("metadata of a hundred thousand keys and no more") {
  std::string header = "{\"__metadata__\":{";
  for (int i = 0; i <= 100'000; ++i) header += fmt::format("{}\"{}\":\"\"", i == 0 ? "" : ",", i);
  CHECK(refused(file_with_header(header + "}}", 0), "more than 100000 keys of metadata"));
}

TEST_CASE("numbers are plain non-negative integers") {
  for (const char* number : {"1e0", "1.0", "-1", "-0", "01", "1E400", "18446744073709551616", "\"1\"", "null",
                             "true", "[1]", "{}", "+1", "0x1", "NaN"}) {
    CAPTURE(number);
    CHECK(header_refused(fmt::format(R"({{"a":{{"dtype":"U8","shape":[{}],"data_offsets":[0,1]}}}})", number),
                         1, ""));
    CHECK(header_refused(fmt::format(R"({{"a":{{"dtype":"U8","shape":[],"data_offsets":[{},1]}}}})", number),
                         1, ""));
  }
  CHECK(header_refused(R"({"a":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,1]}})", 1,
                       "too large"));
  CHECK(header_refused(R"({"a":{"dtype":"U8","shape":1,"data_offsets":[0,1]}})", 1, "unexpected"));
  CHECK(header_refused(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}})", 1, "not two values"));
  CHECK(header_refused(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,1]}})", 1, "more than two"));
  std::string ones = "1";
  for (int i = 0; i < 32; ++i) ones += ",1";
  CHECK(header_refused(R"({"a":{"dtype":"U8","shape":[)" + ones + R"(],"data_offsets":[0,1]}})", 1,
                       "more than 32 dimensions"));
}

TEST_CASE("unknown dtypes are named") {
  for (const char* dtype : {"f32", "F4", "F8_E8M0", "C64", "", "F32 "})
    CHECK(header_refused(fmt::format(R"({{"a":{{"dtype":"{}","shape":[],"data_offsets":[0,4]}}}})", dtype), 4,
                         fmt::format("unknown dtype \"{}\"", dtype)));
}

TEST_CASE("ranges follow each other up to the end of the file") {
  const auto header = [](std::string_view ranges, std::string_view shape = "16") {
    std::string text;
    int count = 0;
    for (size_t at = 0; at < ranges.size();) {
      const size_t end = std::min(ranges.find(' ', at), ranges.size());
      text += fmt::format(R"({}"t{}":{{"dtype":"U8","shape":[{}],"data_offsets":[{}]}})",
                          count == 0 ? "" : ",", count, shape, ranges.substr(at, end - at));
      ++count;
      at = end + 1;
    }
    return "{" + text + "}";
  };
  CHECK(error_of(file_with_header(header("0,16 16,32"), 32)).empty());
  CHECK(error_of(file_with_header(header("16,32 0,16"), 32)).empty());
  CHECK(header_refused(header("0,16 0,16"), 16, "overlap"));
  CHECK(header_refused(header("0,16 0,16"), 32, "overlap"));
  CHECK(header_refused(header("0,16 8,24"), 24, "overlap"));
  CHECK(header_refused(header("0,16 17,33"), 33, "hole"));
  CHECK(header_refused(header("1,17"), 17, "hole"));
  CHECK(header_refused(header("16,0"), 16, "before they begin"));
  CHECK(header_refused(header("0,15"), 15, "has 15 bytes, expected 16"));
  CHECK(header_refused(header("0,17"), 17, "has 17 bytes, expected 16"));
  CHECK(header_refused(header("0,16"), 15, "behind the end of the file"));
  CHECK(header_refused(header("0,16 16,32"), 16, "behind the end of the file"));
  CHECK(header_refused(header("0,16"), 17, "1 bytes behind the last tensor"));
  CHECK(header_refused("{}", 1, "1 bytes behind the last tensor"));
  // The product wraps to 4 in 64 bits.
  CHECK(header_refused(header("0,4", "4194305,4194305,211106198978564"), 4, "more than 2^64"));
  CHECK(header_refused(header("0,0", "9223372036854775807,9223372036854775807,0"), 0, "more than 2^64"));
  CHECK(
      header_refused(header("0,18446744073709551615", "9223372036854775807"), 4, "has 18446744073709551615"));
  CHECK(error_of(file_with_header(header("0,0 0,0 0,0", "4,0"), 0)).empty());
}

TEST_CASE("every truncation and every appended byte is refused") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "a";
  const std::vector<float> data = {1, 2, 3};
  const TensorToWrite tensors[] = {{"a", {3}, data}};
  write_safetensors(path, tensors, {{"k", "v"}});
  const std::string bytes = read_file(path, kPlenty);
  for (size_t n = 0; n < bytes.size(); ++n) {
    CAPTURE(n);
    CHECK_FALSE(error_of(bytes.substr(0, n)).empty());
  }
  CHECK_FALSE(error_of(bytes + '\0').empty());
  CHECK_FALSE(error_of(std::string(bytes.size(), '\0')).empty());
}

TEST_CASE("random damage to the header never reads outside the file") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "a";
  const std::vector<float> data = {1, 2, 3};
  const TensorToWrite tensors[] = {{"a", {3}, data}, {"b", {1, 3}, data}};
  write_safetensors(path, tensors, {{"k", "v"}});
  const std::string bytes = read_file(path, kPlenty);
  const RandomStream random(5, RandomUse::shuffle, {});
  for (uint64_t i = 0; i < 3000; ++i) {
    std::string damaged = bytes;
    for (uint64_t j = 0; j <= i % 3; ++j)
      damaged[random.below(8 * i + 2 * j, bytes.size() - 24)] =
          static_cast<char>(random.bits(8 * i + 2 * j + 1));
    std::ofstream(path, std::ios::binary) << damaged;
    try {
      SafetensorsFile file = SafetensorsFile::open(path);
      for (const TensorEntry& tensor : file.tensors()) {
        REQUIRE(tensor.offset + tensor.bytes <= 24);
        std::vector<std::byte> out(tensor.bytes);
        file.read_bytes(tensor.name, out);
      }
    } catch (const FormatError&) {
    }
  }
}

}  // namespace
}  // namespace wav2vec
