// Checkpoints that PyTorch wrote, equal to what PyTorch reads; hostile ones, refused without being run.

#include "wav2vec/io/torch_file.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "support/temporary_folder.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/file.h"
#include "wav2vec/core/rng.h"
#include "wav2vec/io/model_file.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

const fs::path kFolder = fs::path(W2V_TEST_DATA) / "checkpoints";

std::string bytes_of(const std::string& name) { return read_file(kFolder / name, 1 << 24); }

template <class T>
std::string little(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string text(const std::string& value) { return "X" + little<uint32_t>(uint32_t(value.size())) + value; }

constexpr int64_t kValues = 4;

/// A tensor of the storage "0" as a pickle: sizes and strides are pickled integers.
std::string tensor(const std::string& offset, const std::string& shape, const std::string& stride,
                   const std::string& count = "K\x04", const std::string& storage = "FloatStorage") {
  return "ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + "ctorch\n" + storage + "\n" + text("0") +
         text("cpu") + count + "tQ" + offset + "(" + shape + "t(" + stride + "t\x89" +
         "ccollections\nOrderedDict\n)RtR";
}

const std::string kHead =
    "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
    "\x80\x02M\xe9\x03."s;

/// A legacy file of one value and, if it has a tensor, four floats.
std::string legacy(const std::string& value, bool with_storage = true) {
  std::string file = kHead + "\x80\x02}" + text("little_endian") + "\x88s.\x80\x02" + value + ".";
  if (!with_storage) return file + "\x80\x02].";
  file += "\x80\x02]" + text("0") + "a." + little<int64_t>(kValues);
  for (const float v : {1.0F, 2.0F, 3.0F, 4.0F}) file += little(v);
  return file;
}

/// The message of the error; "" when there is none. Anything but a DataError is the test's failure.
std::string refusal(const fs::path& path) {
  try {
    TorchFile::open(path);
  } catch (const DataError& error) {
    const std::string message = error.what();
    CHECK(message.find('\n') == std::string::npos);
    CHECK(message.find(path.filename().string()) != std::string::npos);
    return message;
  }
  return "";
}

std::string refusal_of(const std::string& bytes) {
  const TemporaryFolder folder;
  write_file(folder.path() / "x.pt", bytes);
  return refusal(folder.path() / "x.pt");
}

bool contains(const std::string& message, const std::string& part) {
  INFO(message);
  return message.find(part) != std::string::npos;
}

PickleId tensors_of(const TorchFile& file) {
  const PickleTree& tree = file.tree();
  for (const char* key : {"model", "model_weight"}) {
    if (const auto found = tree.find(tree.root(), key)) return *found;
  }
  return tree.root();
}

TEST_CASE("every tensor is the one that PyTorch reads") {
  const auto expected = nlohmann::json::parse(bytes_of("expected.json"));
  REQUIRE(expected.size() == 6);
  for (const auto& [name, facts] : expected.items()) {
    INFO(name);
    TorchFile file = TorchFile::open(kFolder / name);
    for (const auto& key : facts["top_level"])
      CHECK(file.tree().find(file.tree().root(), key.get<std::string>()));
    for (const auto& [key, truth] : facts["tensors"].items()) {
      INFO(key);
      const auto id = file.tree().find(tensors_of(file), key);
      REQUIRE(id);
      const TorchTensor* found = file.tensor(*id);
      REQUIRE(found != nullptr);
      CHECK(found->shape == truth["shape"].get<std::vector<int64_t>>());
      std::vector<float> values(found->count());
      file.read_f32(*found, values);
      double sum = 0.0;
      for (const float v : values) sum += v;
      CHECK(sum == doctest::Approx(truth["sum"].get<double>()).epsilon(1e-6));
      const auto first = truth["first"].get<std::vector<double>>();
      for (size_t i = 0; i < first.size(); ++i) CHECK(values[i] == static_cast<float>(first[i]));
    }
  }
}

TEST_CASE("the tiny file that the following tests break is a whole one") {
  CHECK(refusal_of(legacy(tensor("K\0"s, "K\x02K\x02", "K\x02K\x01"))) == "");
  CHECK(refusal_of(legacy("N", false)) == "");
}

TEST_CASE("calls are never made, only named") {
  const TemporaryFolder folder;
  const fs::path canary = folder.path() / "canary";
  const std::string command = "(" + text("touch " + canary.string()) + "t";
  for (const char* callee :
       {"os\nsystem", "posix\nsystem", "nt\nsystem", "builtins\neval", "builtins\nexec", "builtins\ngetattr",
        "__builtin__\n__import__", "subprocess\nPopen", "torch\nload",
        "torch._utils\n_rebuild_tensor_v2.__globals__", "numpy.testing\nrunstring"}) {
    CHECK(contains(refusal_of(legacy("c"s + callee + "\n" + command + "R", false)), "wants to call"));
  }
  CHECK(
      contains(refusal_of(legacy(text("os") + text("system") + "\x93" + command + "R", false)), "os.system"));
  // The opcodes of older protocols that look up and call at once, and the extension registry.
  CHECK(contains(refusal_of(legacy("(" + text("touch") + "ios\nsystem\n", false)), "opcode 0x69"));
  CHECK(contains(refusal_of(legacy("(cos\nsystem\n" + text("touch") + "o", false)), "opcode 0x6f"));
  CHECK(contains(refusal_of(legacy("\x82\x01", false)), "opcode 0x82"));
  CHECK_FALSE(fs::exists(canary));
}

TEST_CASE("the machine keeps to its stack, memo and limits") {
  const auto broken = [](const std::string& value, const std::string& why) {
    CHECK(contains(refusal_of(legacy(value, false)), why));
  };
  broken("", "one");
  broken("0", "empty stack");
  broken("t", "mark");
  broken("NN", "2 values");
  broken("h\x05", "memo entry 5");
  broken("Na", "empty stack");
  broken("NNa", "no list");
  broken("]NNs", "no dict");
  broken("}(Nu", "no value");
  broken("NNR", "no class");
  broken("}Nb", "no object");
  broken("\x95\xff\xff\xff\xff\xff\xff\xff\x7f", "frame");
  broken("X\xff\xff\xff\x7f", "bytes");
  broken("\x8d\xff\xff\xff\xff\xff\xff\xff\xff", "bytes");
  broken("\x8b\xff\xff\xff\x7f", "bytes");
  broken("\x80\x09", "protocol");
  broken(std::string(20'000, '('), "open marks");
  broken(std::string(600'000, ']'), "values");
  broken("N" + std::string(1'000'001, '2'), "stack");
  std::string pops;
  for (int i = 0; i < 5'000'001; ++i) pops += "N0";
  broken(pops, "opcodes");
  broken(tensor("K\0"s, "", "") + text("k") + "Ns", "no dict");
  // A list of pairs that many dictionaries are made from.
  std::string list = "]q\x01(";
  for (int i = 0; i < 1000; ++i) list += "K\1K\2\x86";
  list +=
      "e\x85q\x02"
      "0";
  std::string dictionaries;
  for (int i = 0; i < 1000; ++i) dictionaries += "ccollections\nOrderedDict\nh\x02R0";
  broken(list + dictionaries + "N", "entries");
}

TEST_CASE("names are short, and messages show no more than their beginning") {
  const std::string long_key(1'000'000, 'k');
  std::string value = tensor("K\0"s, "", "");
  const std::string key = text("0");
  const size_t at = value.find(key, value.find("FloatStorage"));
  REQUIRE(at != std::string::npos);
  value.replace(at, key.size(), text(long_key));
  const std::string problem = refusal_of(legacy(value, false));
  CHECK(contains(problem, "a storage with a name of 1000000 bytes"));
  CHECK(problem.size() < 400);
  CHECK(contains(refusal_of(legacy("cfairseq." + std::string(300, 'x') + "\nA\n)\x81", false)),
                 "a name of more than 256 bytes"));
  const TemporaryFolder folder;
  write_file(folder.path() / "x.pt", legacy("}(" + text("model") + "}" + text(long_key) + "Nsu", false));
  try {
    ModelFile::open(folder.path() / "x.pt");
    CHECK(false);
  } catch (const DataError& error) {
    CHECK(std::string_view(error.what()).size() < 400);
  }
}

TEST_CASE("a file that begins like no model is called none, whatever its name") {
  const TemporaryFolder folder;
  for (const char* name : {"all.tsv", "model.pt", "model"}) {
    write_file(folder.path() / name, "/data/speech\na.wav\t16000\n");
    CHECK_THROWS_WITH_AS(ModelFile::open(folder.path() / name), doctest::Contains("so it is no model; give"),
                         FormatError);
  }
}

TEST_CASE("a configuration node that holds itself is no configuration") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "x.pt";
  const std::string node = "comegaconf.nodes\nAnyNode\n)\x81q\x01}" + text("_val") + "h\x01sb";
  for (const char* key : {"model", "args"}) {
    write_file(path, legacy("}" + text(key) + node + "s", false));
    CHECK_THROWS_AS(ModelFile::open(path), DataError);
    write_file(path,
               legacy("}(" + text("model") + "}" + text(key) + "}" + text("arch") + node + "su", false));
    CHECK_THROWS_AS(ModelFile::open(path), DataError);
  }
}

TEST_CASE("cycles and deep nesting are values like others") {
  CHECK(refusal_of(legacy("]q\x01h\x01"
                          "a",
                          false)) == "");                                   // a list within itself
  CHECK(refusal_of(legacy("}q\x01" + text("k") + "h\x01s", false)) == "");  // a dict as its own value
  CHECK(refusal_of(legacy("N" + std::string(100'000, '\x85'), false)) == "");
  std::string doubling = "]";  // each list holds the one before twice
  for (int i = 0; i < 60; ++i)
    doubling +=
        "q\x01"
        "0]h\x01"
        "ah\x01"
        "a";
  CHECK(refusal_of(legacy(doubling, false)) == "");
}

TEST_CASE("tensors lie within their storage") {
  const auto broken = [](const std::string& value, const std::string& why) {
    CHECK(contains(refusal_of(legacy(value)), why));
  };
  const std::string zero = "K\0"s;
  const std::string huge = "\x8a\x08" + little<int64_t>(int64_t{1} << 62);
  const std::string minus = "J" + little<int32_t>(-1);
  broken(tensor("K\x03", "K\x02", "K\x01"), "beyond its storage");
  broken(tensor(huge, "K\x01", "K\x01"), "beyond its storage");
  broken(tensor(zero, "K\x05", huge), "beyond its storage");
  broken(tensor(zero, huge + huge, huge + huge), "beyond its storage");
  broken(tensor(zero, huge, zero), "elements in storage");
  broken(tensor(zero, "K\x03", minus), "no whole number");
  broken(tensor(minus, "K\x03", "K\x01"), "no whole number");
  broken(tensor(zero, "\x88", "K\x01"), "no whole number");
  broken(tensor(zero, "K\x02K\x02", "K\x01"), "2 sizes and 1 strides");
  broken(tensor(zero, "K\x01", "K\x01", "K\x05"), "its tensors say 5");
  broken(tensor(zero, "K\x01", "K\x01", huge), "claims");
  broken(tensor(zero, "K\x01", "K\x01", minus), "claims");
  broken(tensor(zero, "K\x01", "K\x01", "K\x04", "QInt8Storage"), "expected plain numbers");
  broken(tensor(zero, std::string(40, ')'), ""), "at most 32");
  CHECK(contains(refusal_of(legacy(tensor(zero, "K\x01", "K\x01"), false)), "storages"));
  CHECK(contains(refusal_of(legacy("N")), "no tensor uses"));
  CHECK(contains(refusal_of(legacy(tensor(zero, "K\x01", "K\x01")) + "x"), "behind the last storage"));
}

TEST_CASE("a file that ends at any byte is refused") {
  const std::string whole = legacy(tensor("K\0"s, "K\x02K\x02", "K\x02K\x01"));
  for (size_t n = 0; n < whole.size(); ++n) CHECK(refusal_of(whole.substr(0, n)) != "");
}

// ---- zip --------------------------------------------------------------------------------------------

std::string value_pickle() { return "\x80\x02" + tensor("K\0"s, "K\x04", "K\x01") + "."; }

std::string archive(const std::vector<std::pair<std::string, std::string>>& entries) {
  const TemporaryFolder folder;
  ZipWriter zip(folder.path() / "x.pt");
  for (const auto& [name, data] : entries) zip.add(name, std::as_bytes(std::span(data)));
  zip.commit();
  return read_file(folder.path() / "x.pt", 1 << 24);
}

std::string small_archive() {
  return archive({{"a/data.pkl", value_pickle()}, {"a/data/0", std::string(16, '\1')}});
}

template <class T>
std::string patched(std::string bytes, size_t at, T value) {
  return bytes.replace(at, sizeof value, little(value));
}

TEST_CASE("archives whose two descriptions disagree, or that need more than stored entries") {
  const std::string whole = small_archive();
  REQUIRE(refusal_of(whole) == "");
  const size_t central = whole.find("PK\x01\x02");
  const size_t second = whole.find("PK\x01\x02", central + 1);
  const size_t end = whole.find("PK\x05\x06");
  const auto broken = [](const std::string& bytes, const std::string& why) {
    CHECK(contains(refusal_of(bytes), why));
  };
  for (size_t n = 1; n < whole.size(); ++n) CHECK(refusal_of(whole.substr(0, n)) != "");
  broken(whole + "x", "end record");
  broken("x" + whole, "does not begin");
  broken(patched<uint16_t>(whole, central + 8, 1), "encrypted");
  broken(patched<uint16_t>(whole, central + 10, 8), "compressed");
  broken(patched<uint16_t>(whole, 8, 8), "disagree");   // method of the local header
  broken(patched<uint32_t>(whole, 22, 3), "disagree");  // its size
  broken(patched<char>(whole, 30, 'b'), "disagree");    // its name
  broken(patched<uint32_t>(whole, second + 42, 0), "overlap");
  broken(patched<uint32_t>(whole, central + 24, 0x7FFFFFFF), "two sizes");
  broken(patched<uint32_t>(patched<uint32_t>(whole, central + 24, 0x7FFFFFFF), central + 20, 0x7FFFFFFF),
         "disagree");
  broken(patched<uint32_t>(whole, central + 24, 0xFFFFFFFF), "64-bit sizes are missing");
  broken(patched<uint32_t>(whole, end + 16, 0x7FFFFFFF), "directory");
  broken(patched<uint16_t>(whole, end + 20, 7), "comment");
  broken(patched<uint16_t>(patched<uint16_t>(whole, end + 8, 9), end + 10, 9), "end record says 9");
  broken(patched<uint16_t>(patched<uint16_t>(whole, end + 8, 0xFFFF), end + 10, 0xFFFF), "64-bit end record");
  const std::string data(16, '\1');
  broken(archive({{"a/data.pkl", value_pickle()}, {"a/data/0", data}, {"a/data/0", data}}), "twice");
  broken(archive({{"a/data.pkl", value_pickle()}, {"a/../data/0", data}}), "entry name");
  broken(archive({{"a/data.pkl", value_pickle()}, {"a/data/0", data + data}}), "32 bytes");
  broken(archive({{"a/data.pkl", value_pickle()}}), "no entry data/0");
  broken(archive({{"a/data/0", data}}), "without data.pkl");
  broken(archive({{"a/data.pkl", value_pickle()}, {"a/code/x.py", data}}), "TorchScript");
}

TEST_CASE("a storage whose CRC is another is not read") {
  std::string bytes = small_archive();
  bytes[bytes.find(std::string(16, '\1'))] = '\2';
  const TemporaryFolder folder;
  write_file(folder.path() / "x.pt", bytes);
  TorchFile file = TorchFile::open(folder.path() / "x.pt");
  std::vector<float> values(4);
  CHECK_THROWS_AS(file.read_f32(*file.tensor(file.tree().root()), values), FormatError);
}

TEST_CASE("random damage is refused or harmless") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "x.pt";
  uint64_t stream = 0;
  for (const char* name : {"edge_legacy.pt", "tiny_2019_fp32_legacy.pt", "tiny_s3prl_converted_zip.pt"}) {
    const std::string whole = bytes_of(name);
    const RandomStream random(1, RandomUse::shuffle, {++stream});
    for (uint64_t i = 0; i < 400; ++i) {
      std::string bytes = whole;
      for (uint64_t k = 0; k < 3; ++k) {
        // Half of the damage goes where the structure is.
        const double reach = k == 0 ? 1.0 : std::min(1.0, 12'000.0 / static_cast<double>(bytes.size()));
        const auto at =
            static_cast<size_t>(random.uniform(i * 8 + k) * reach * static_cast<double>(bytes.size()));
        bytes[at] = static_cast<char>(random.uniform(i * 8 + 4 + k) * 256.0);
      }
      write_file(path, bytes);
      try {
        ModelFile model = ModelFile::open(path);
        for (const TensorEntry& entry : model.tensors()) {
          std::vector<float> values(static_cast<size_t>(entry.count()));
          model.read(entry.name, entry.shape, values);
        }
      } catch (const DataError& error) {
        CHECK(std::strlen(error.what()) > 10);
      }
    }
  }
}

}  // namespace
}  // namespace wav2vec
