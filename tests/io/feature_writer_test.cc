#include "wav2vec/io/feature_writer.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "support/temporary_folder.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/file.h"
#include "wav2vec/io/npy.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kPlenty = uint64_t{1} << 30;

struct Matrix {
  int32_t rows = 0;
  int32_t columns = 0;
  std::vector<float> values;
};

/// An independent reading of Kaldi's format: the object that starts at `offset` of the archive.
Matrix kaldi_matrix(const std::string& ark, size_t offset) {
  REQUIRE(ark.substr(offset, 5) == std::string("\0BFM ", 5));
  Matrix matrix;
  REQUIRE(ark.at(offset + 5) == '\4');
  std::memcpy(&matrix.rows, ark.data() + offset + 6, 4);
  REQUIRE(ark.at(offset + 10) == '\4');
  std::memcpy(&matrix.columns, ark.data() + offset + 11, 4);
  matrix.values.resize(static_cast<size_t>(matrix.rows) * static_cast<size_t>(matrix.columns));
  REQUIRE(ark.size() >= offset + 15 + matrix.values.size() * 4);
  if (!matrix.values.empty())
    std::memcpy(matrix.values.data(), ark.data() + offset + 15, matrix.values.size() * 4);
  return matrix;
}

TEST_CASE("npy: one file per utterance, folders kept, in place at once") {
  const TemporaryFolder folder;
  const fs::path out = folder.path() / "new" / "out";
  const auto writer = make_feature_writer(FeatureFormat::npy, out);
  const std::vector<float> rows = {1, 2, 3, 4, 5, 6};
  writer->write("speaker 1/a.wav", rows.data(), 2, 3);
  writer->write("b", rows.data(), 3, 2);
  writer->write("empty", nullptr, 0, 3);
  CHECK(read_npy(out / "speaker 1" / "a.wav.npy").shape == std::vector<int64_t>{2, 3});
  CHECK(read_npy(out / "speaker 1" / "a.wav.npy").floats() == rows);
  CHECK(read_npy(out / "b.npy").shape == std::vector<int64_t>{3, 2});
  CHECK(read_npy(out / "empty.npy").shape == std::vector<int64_t>{0, 3});
  CHECK_THROWS_AS(writer->write("b", rows.data(), 2, 3), DataError);
  CHECK(read_npy(out / "b.npy").shape == std::vector<int64_t>{3, 2});
  writer->close();
}

TEST_CASE("ark: what the index names is the matrix") {
  const TemporaryFolder folder;
  const std::vector<float> rows = {1, 2, 3, 4, 5, 6};
  {
    const auto writer = make_feature_writer(FeatureFormat::ark, folder.path());
    writer->write("a", rows.data(), 2, 3);
    writer->write("x/b", rows.data(), 1, 5);
    writer->write("empty", nullptr, 0, 3);
    CHECK_THROWS_AS(writer->write("a", rows.data(), 2, 3), DataError);
    CHECK_THROWS_AS(writer->write("a b", rows.data(), 2, 3), DataError);
    CHECK_FALSE(fs::exists(folder.path() / "feats.ark"));
    writer->close();
  }
  const std::string ark = read_file(folder.path() / "feats.ark", kPlenty);
  std::istringstream scp(read_file(folder.path() / "feats.scp", kPlenty));
  std::string key;
  std::string place;
  std::vector<std::string> keys;
  std::vector<Matrix> matrices;
  while (scp >> key >> place) {
    const size_t colon = place.rfind(':');
    CHECK(place.substr(0, colon) == (folder.path() / "feats.ark").string());
    const size_t offset = std::stoul(place.substr(colon + 1));
    CHECK(ark.substr(offset - key.size() - 1, key.size() + 1) == key + " ");
    keys.push_back(key);
    matrices.push_back(kaldi_matrix(ark, offset));
  }
  CHECK(keys == std::vector<std::string>{"a", "x/b", "empty"});
  CHECK(matrices[0].rows == 2);
  CHECK(matrices[0].columns == 3);
  CHECK(matrices[0].values == rows);
  CHECK(matrices[1].rows == 1);
  CHECK(matrices[1].values == std::vector<float>(rows.begin(), rows.begin() + 5));
  CHECK(matrices[2].rows == 0);
  // Nothing between the objects: read in sequence, the archive ends with the last one.
  CHECK(ark.size() == (2 + 15 + 24) + (4 + 15 + 20) + (6 + 15));
}

TEST_CASE("ark: without close() nothing is left, and an older archive stays") {
  const TemporaryFolder folder;
  write_file(folder.path() / "feats.scp", "old");
  const float value = 1;
  {
    const auto writer = make_feature_writer(FeatureFormat::ark, folder.path());
    writer->write("a", &value, 1, 1);
  }
  CHECK(read_file(folder.path() / "feats.scp", kPlenty) == "old");
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 1);
}

TEST_CASE("ark: a writer whose disk was full cannot be completed") {
  const TemporaryFolder folder;
  const pid_t child = fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const std::vector<float> rows(1000);
    const auto writer = make_feature_writer(FeatureFormat::ark, folder.path());
    const rlimit limit{2000, 2000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    int disk_errors = 0;
    const auto attempt = [&](const auto& work) {
      try {
        work();
      } catch (const DiskError&) {
        ++disk_errors;
      }
    };
    attempt([&] { writer->write("a", rows.data(), 1, 1000); });
    attempt([&] { writer->close(); });
    _exit(disk_errors);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 2);
  CHECK_FALSE(fs::exists(folder.path() / "feats.ark"));
  CHECK_FALSE(fs::exists(folder.path() / "feats.scp"));
}

TEST_CASE("ids that lead elsewhere or are no names are refused and nothing is written") {
  const TemporaryFolder folder;
  const fs::path out = folder.path() / "out";
  const float value = 1;
  for (const FeatureFormat format : {FeatureFormat::npy, FeatureFormat::ark}) {
    const auto writer = make_feature_writer(format, out);
    for (const std::string& id :
         {std::string(), std::string(".."), std::string("../x"), std::string("a/../../x"), std::string("/x"),
          std::string("a//b"), std::string("a/"), std::string("./a"), std::string("a/."),
          std::string("a\0b", 3), std::string("a\nb"), std::string("a\tb"), std::string("a\\..\\b"),
          std::string("\x1b[2J"), std::string("\x7f"), std::string(201, 'a')}) {
      CAPTURE(id);
      try {
        writer->write(id, &value, 1, 1);
        FAIL_CHECK("accepted");
      } catch (const DataError& error) {
        const std::string message = error.what();
        CHECK(message.starts_with("utterance \""));
        CHECK(message.find_first_of("\n\x1b") == std::string::npos);
      }
    }
  }
  CHECK(fs::is_empty(out));
  CHECK(utterance_path("a/b..c/...") == fs::path("a") / "b..c" / "...");
  CHECK(utterance_path("naïve") == fs::path("naïve"));
}

TEST_CASE("a folder that cannot be made is a disk error") {
  const TemporaryFolder folder;
  write_file(folder.path() / "file", "x");
  CHECK_THROWS_AS(make_feature_writer(FeatureFormat::npy, folder.path() / "file"), DiskError);
}

TEST_CASE("the contract says when each row is") {
  const TemporaryFolder folder;
  FeatureContract contract;
  contract.sample_rate_hz = 16000;
  contract.hop_samples = 160;
  contract.receptive_field_samples = 465;
  contract.first_frame_center_seconds = 232.0 / 16000;
  contract.layer = "c";
  contract.channels = 512;
  contract.model = "run\xff/model\".safetensors";
  contract.model_hash = "crc32c:01234567";
  contract.resampler = "soxr VHQ";
  contract.dtype = "bf16";
  write_feature_contract(folder.path(), contract);
  const auto json = nlohmann::json::parse(read_file(folder.path() / "frames.json", kPlenty));
  CHECK(json.size() == 10);
  CHECK(json["dtype"] == "bf16");
  CHECK(json["sample_rate_hz"] == 16000);
  CHECK(json["hop_samples"] == 160);
  CHECK(json["receptive_field_samples"] == 465);
  CHECK(json["first_frame_center_seconds"] == 232.0 / 16000);
  CHECK(json["layer"] == "c");
  CHECK(json["channels"] == 512);
  CHECK(json["model"] == "run\xEF\xBF\xBD/model\".safetensors");
  CHECK(json["resampler"] == "soxr VHQ");
}

}  // namespace
}  // namespace wav2vec
