#include "wav2vec/io/npy.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstring>

#include "support/temporary_folder.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/file.h"

namespace wav2vec {
namespace {

std::string npy(std::string_view header, std::string_view data, char major = 1) {
  std::string bytes = "\x93NUMPY";
  bytes += major;
  bytes += '\0';
  const auto length = static_cast<uint32_t>(header.size());
  bytes.append(reinterpret_cast<const char*>(&length), major == 1 ? 2 : 4);
  bytes += header;
  bytes += data;
  return bytes;
}

NpyArray parsed(const std::string& bytes) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.npy", bytes);
  return read_npy(folder.path() / "a.npy");
}

template <class T>
std::string bytes_of(std::initializer_list<T> values) {
  return {reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(T)};
}

bool refused(const std::string& bytes, std::string_view because) {
  try {
    parsed(bytes);
  } catch (const FormatError& error) {
    const std::string message = error.what();
    CAPTURE(message);
    CHECK(message.find(because) != std::string::npos);
    CHECK(message.find('\n') == std::string::npos);
    return true;
  }
  return false;
}

TEST_CASE("a written array comes back") {
  const TemporaryFolder folder;
  const std::vector<float> data = {1.0F, -2.5F, 3.0F, 0x1p-149F, 5.0F, 6.0F};
  const std::vector<std::vector<int64_t>> shapes = {{2, 3}, {6}, {1, 2, 3, 1}};
  for (const auto& shape : shapes) {
    const auto path = folder.path() / "a.npy";
    write_npy(path, data, shape);
    const NpyArray array = read_npy(path);
    CHECK(array.dtype == "<f4");
    CHECK(array.shape == shape);
    CHECK(array.count() == 6);
    CHECK(array.floats() == data);
    const std::string bytes = read_file(path, 1000);
    CHECK(bytes.size() % 64 == 24);
    CHECK(bytes.substr(0, 8) == std::string("\x93NUMPY\x01\x00", 8));
  }
  const int64_t none[] = {0, 512};
  write_npy(folder.path() / "b.npy", {}, none);
  CHECK(read_npy(folder.path() / "b.npy").shape == std::vector<int64_t>{0, 512});
  write_npy(folder.path() / "c.npy", std::span(data).first(1), {});
  CHECK(read_npy(folder.path() / "c.npy").shape.empty());
  CHECK_THROWS_AS(write_npy(folder.path() / "d.npy", data, none), InternalError);
}

TEST_CASE("NumPy's own spelling in every version and dtype") {
  for (const char version : {1, 2, 3}) {
    const NpyArray array = parsed(npy("{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }     \n",
                                      bytes_of<int16_t>({-1, 300}), version));
    CHECK(array.integers() == std::vector<int64_t>{-1, 300});
  }
  CHECK(parsed(npy("{'descr':'<i4','fortran_order':False,'shape':(1,1)}", bytes_of<int32_t>({-7})))
            .integers() == std::vector<int64_t>{-7});
  CHECK(parsed(npy("{\"shape\": (), \"descr\": \"<i8\", \"fortran_order\": True}",
                   bytes_of<int64_t>({1LL << 40})))
            .integers() == std::vector<int64_t>{1LL << 40});
  const NpyArray doubles =
      parsed(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}", bytes_of<double>({0.1, -1e300})));
  CHECK(doubles.doubles() == std::vector<double>{0.1, -1e300});
  CHECK_THROWS_AS(doubles.floats(), DataError);
  CHECK_THROWS_AS(doubles.integers(), DataError);
}

TEST_CASE("arrays that are not read") {
  const auto with = [](std::string_view descr, std::string_view order, std::string_view shape, size_t bytes) {
    return npy(fmt::format("{{'descr': {}, 'fortran_order': {}, 'shape': {}, }}\n", descr, order, shape),
               std::string(bytes, '\0'));
  };
  CHECK(parsed(with("'<f4'", "False", "(2, 2)", 16)).count() == 4);
  for (const char* descr : {"'|O'", "'>f4'", "'<f2'", "'<c8'", "'|u1'", "'<U5'", "''", "'\x1b'"})
    CHECK(refused(with(descr, "False", "(2, 2)", 16), "dtype"));
  CHECK(refused(with("[('a', '<f4')]", "False", "(2, 2)", 16), "dictionary"));
  CHECK(refused(with("'<f4'", "True", "(2, 2)", 16), "Fortran"));
  for (const char* order : {"0", "false", "", "'False'", "TrueFalse"})
    CHECK(refused(with("'<f4'", order, "(2, 2)", 16), "dictionary"));
  for (const char* shape : {"(2, -2)", "(2", "2", "(2,,2)", "(2.0,)", "(2L,)", "(0x2,)",
                            "(99999999999999999999,)", "((2,),)", "[2, 2]", "()()", "(2 2)"})
    CHECK(refused(with("'<f4'", "False", shape, 16), "dictionary"));
  std::string ones = "(";
  for (int i = 0; i < 33; ++i) ones += "1,";
  CHECK(refused(with("'<f4'", "False", ones + ")", 4), "dictionary"));
  CHECK(refused(with("'<f4'", "False", "(4611686018427387905, 4)", 16), "more than 2^64"));
  CHECK(refused(with("'<f4'", "False", "(2, 2)", 15), "15 bytes of data, expected 16"));
  CHECK(refused(with("'<f4'", "False", "(2, 2)", 17), "17 bytes of data, expected 16"));
  CHECK(refused(npy("{'descr': '<f4', 'fortran_order': False}", ""), "dictionary"));
  CHECK(refused(npy("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}", "1234"),
                "dictionary"));
  CHECK(refused(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (), 'x': 1}", "1234"), "dictionary"));
  CHECK(refused(npy("{'descr': '<f4', 'fortran_order': False, 'shape': ()} x", "1234"), "dictionary"));
}

TEST_CASE("every truncation is refused, and so are headers longer than the file or the cap") {
  const std::string good =
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", std::string(8, '\1'));
  for (size_t n = 0; n < good.size(); ++n) CHECK(refused(good.substr(0, n), ""));
  std::string huge =
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", std::string(8, '\1'), 2);
  std::memset(huge.data() + 8, 0xFF, 4);
  CHECK(refused(huge, "header"));
  CHECK(refused(npy(std::string(70000, ' '), "", 2), "header"));
  std::string future = good;
  future[6] = 4;
  CHECK(refused(future, "version"));
}

}  // namespace
}  // namespace wav2vec
