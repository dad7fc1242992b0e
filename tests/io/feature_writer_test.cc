#include "wav2vec/io/feature_writer.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "support/captured_stderr.h"
#include "support/temporary_folder.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/file.h"
#include "wav2vec/io/npy.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kPlenty = uint64_t{1} << 30;

FeatureContract contract_of_layer(const std::string& layer) {
  FeatureContract contract;
  contract.sample_rate_hz = 16000;
  contract.hop_samples = 160;
  contract.layer = layer;
  return contract;
}

std::unique_ptr<FeatureWriter> writer_for(FeatureFormat format, const fs::path& folder) {
  return make_feature_writer(format, {folder, "", false}, contract_of_layer("c"));
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

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
  const auto writer = writer_for(FeatureFormat::npy, out);
  const std::vector<float> rows = {1, 2, 3, 4, 5, 6};
  writer->write("speaker 1/a.wav", rows_in_memory(rows.data(), 2, 3));
  writer->write("b", rows_in_memory(rows.data(), 3, 2));
  writer->write("empty", rows_in_memory(nullptr, 0, 3));
  CHECK(read_npy(out / "speaker 1" / "a.wav.npy").shape == std::vector<int64_t>{2, 3});
  CHECK(read_npy(out / "speaker 1" / "a.wav.npy").floats() == rows);
  CHECK(read_npy(out / "b.npy").shape == std::vector<int64_t>{3, 2});
  CHECK(read_npy(out / "empty.npy").shape == std::vector<int64_t>{0, 3});
  CHECK_THROWS_AS(writer->write("b", rows_in_memory(rows.data(), 2, 3)), DataError);
  CHECK(read_npy(out / "b.npy").shape == std::vector<int64_t>{3, 2});
  writer->close();
}

TEST_CASE("ark: what the index names is the matrix") {
  const TemporaryFolder folder;
  const std::vector<float> rows = {1, 2, 3, 4, 5, 6};
  {
    const auto writer = writer_for(FeatureFormat::ark, folder.path());
    writer->write("a", rows_in_memory(rows.data(), 2, 3));
    writer->write("x/b", rows_in_memory(rows.data(), 1, 5));
    writer->write("empty", rows_in_memory(nullptr, 0, 3));
    CHECK_THROWS_AS(writer->write("a", rows_in_memory(rows.data(), 2, 3)), DataError);
    CHECK_THROWS_AS(writer->write("a b", rows_in_memory(rows.data(), 2, 3)), DataError);
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
  const float value = 1;
  const auto write = [&](const char* id) {
    auto writer = writer_for(FeatureFormat::ark, folder.path());
    writer->write(id, rows_in_memory(&value, 1, 1));
    return writer;
  };
  write("a");
  CHECK(names_in(folder.path()) == std::vector<std::string>{".lock", "frames.json"});
  write("a")->close();
  const std::string index = read_file(folder.path() / "feats.scp", kPlenty);
  const std::string archive = read_file(folder.path() / "feats.ark", kPlenty);
  write("b");
  CHECK(read_file(folder.path() / "feats.scp", kPlenty) == index);
  CHECK(read_file(folder.path() / "feats.ark", kPlenty) == archive);
  CHECK(names_in(folder.path()) ==
        std::vector<std::string>{".lock", "feats.ark", "feats.scp", "frames.json"});
}

TEST_CASE("ark: a writer whose disk was full cannot be completed") {
  const TemporaryFolder folder;
  const pid_t child = fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const std::vector<float> rows(1000);
    const auto writer = writer_for(FeatureFormat::ark, folder.path());
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
    attempt([&] { writer->write("a", rows_in_memory(rows.data(), 1, 1000)); });
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
  const float value = 1;
  for (const FeatureFormat format : {FeatureFormat::npy, FeatureFormat::ark, FeatureFormat::hdf5}) {
    const fs::path out = folder.path() / kFeatureFormatNames[static_cast<size_t>(format)];
    const auto writer = writer_for(format, out);
    for (const std::string& id :
         {std::string(), std::string(".."), std::string("../x"), std::string("a/../../x"), std::string("/x"),
          std::string("a//b"), std::string("a/"), std::string("./a"), std::string("a/."),
          std::string("a\0b", 3), std::string("a\nb"), std::string("a\tb"), std::string("a\\..\\b"),
          std::string("\x1b[2J"), std::string("\x7f"), std::string(201, 'a')}) {
      CAPTURE(id);
      try {
        writer->write(id, rows_in_memory(&value, 1, 1));
        FAIL_CHECK("accepted");
      } catch (const DataError& error) {
        const std::string message = error.what();
        CHECK(message.starts_with("utterance \""));
        CHECK(message.find_first_of("\n\x1b") == std::string::npos);
      }
    }
    CHECK(names_in(out) == std::vector<std::string>{".lock", "frames.json"});
  }
  CHECK(utterance_path("a/b..c/...") == fs::path("a") / "b..c" / "...");
  CHECK(utterance_path("naïve") == fs::path("naïve"));
}

TEST_CASE("a folder that cannot be made is a disk error") {
  const TemporaryFolder folder;
  write_file(folder.path() / "file", "x");
  CHECK_THROWS_AS(writer_for(FeatureFormat::npy, folder.path() / "file"), DiskError);
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
  CHECK(json.size() == 17);
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

const FeatureFormat kPerFile[] = {FeatureFormat::npy,       FeatureFormat::npz,         FeatureFormat::htk,
                                  FeatureFormat::h5context, FeatureFormat::safetensors, FeatureFormat::csv};
const FeatureFormat kArchives[] = {FeatureFormat::ark,     FeatureFormat::ark_text, FeatureFormat::ark_cm1,
                                   FeatureFormat::ark_cm2, FeatureFormat::ark_cm3,  FeatureFormat::hdf5};

TEST_CASE("a second run finds what stands, in every format, and an archive takes it over") {
  const std::vector<float> rows = {1, 2, 3, 4, 5, 6};
  const auto run_twice = [&](FeatureFormat format, const fs::path& out) {
    CAPTURE(static_cast<int>(format));
    const auto first = writer_for(format, out);
    CHECK_FALSE(first->has("x/a"));
    first->write("x/a", rows_in_memory(rows.data(), 2, 3));
    first->close();
    const auto second = writer_for(format, out);
    CHECK(second->has("x/a"));
    CHECK_FALSE(second->has("b"));
    second->write("b", rows_in_memory(rows.data(), 3, 2));
    second->close();
    const auto third = writer_for(format, out);
    CHECK(third->has("x/a"));
    CHECK(third->has("b"));
    third->close();
    CHECK(writer_for(format, out)->has("b"));
    const auto over = make_feature_writer(format, {out, "", true}, contract_of_layer("c"));
    CHECK_FALSE(over->has("b"));
  };
  for (const FeatureFormat format : kPerFile) {
    const TemporaryFolder folder;
    run_twice(format, folder.path());
  }
  for (const FeatureFormat format : kArchives) {
    const TemporaryFolder folder;
    run_twice(format, folder.path());
  }
}

/// An archive of "a" and "b".
void write_two(FeatureFormat format, const fs::path& folder) {
  const std::vector<float> rows = {1, 2, 3, 4, 5, 6};
  const auto writer = writer_for(format, folder);
  for (const char* id : {"a", "b"})
    if (!writer->has(id)) writer->write(id, rows_in_memory(rows.data(), 2, 3));
  writer->close();
}

const FeatureFormat kKaldi[] = {FeatureFormat::ark, FeatureFormat::ark_text, FeatureFormat::ark_cm1,
                                FeatureFormat::ark_cm2, FeatureFormat::ark_cm3};

TEST_CASE("ark: an intact archive is taken over whatever became of its folder and index") {
  for (const FeatureFormat format : kKaldi) {
    CAPTURE(static_cast<int>(format));
    const TemporaryFolder folder;
    const fs::path out = folder.path() / "out";
    write_two(format, out);
    const std::string archive = read_file(out / "feats.ark", kPlenty);
    const std::string index = read_file(out / "feats.scp", kPlenty);
    const fs::path scp = out / "feats.scp";
    const auto check_taken_over = [&](const fs::path& place) {
      const auto writer = writer_for(format, place);
      CHECK(writer->has("a"));
      CHECK(writer->has("b"));
      writer->close();
      CHECK(read_file(place / "feats.ark", kPlenty) == archive);
      CHECK(read_file(place / "feats.scp", kPlenty).find("b " + (place / "feats.ark").string() + ":") !=
            std::string::npos);
    };
    fs::remove(scp);
    check_taken_over(out);
    CHECK(read_file(scp, kPlenty) == index);
    write_file(scp, index.substr(0, index.find('\n') + 1));
    check_taken_over(out);
    CHECK(read_file(scp, kPlenty) == index);
    write_file(scp, "a /elsewhere/feats.ark:2\nb /elsewhere/feats.ark:40\n");
    check_taken_over(out);
    fs::create_directory_symlink(out, folder.path() / "link");
    check_taken_over(folder.path() / "link");
    fs::rename(out, folder.path() / "moved");
    check_taken_over(folder.path() / "moved");
    fs::copy(folder.path() / "moved", folder.path() / "copy");
    check_taken_over(folder.path() / "copy");

    const float value = 1;
    const auto more = writer_for(format, folder.path() / "copy");
    more->write("c", rows_in_memory(&value, 1, 1));  // without asking what stands
    CHECK_THROWS_AS(more->write("a", rows_in_memory(&value, 1, 1)), DataError);
    more->close();
    CHECK(read_file(folder.path() / "copy/feats.ark", kPlenty).starts_with(archive));
    for (const char* id : {"a", "b", "c"}) CHECK(writer_for(format, folder.path() / "copy")->has(id));
  }
}

TEST_CASE("ark: a sorted index is not written again") {
  const TemporaryFolder folder;
  write_two(FeatureFormat::ark, folder.path());
  const std::string index = read_file(folder.path() / "feats.scp", kPlenty);
  const size_t second = index.find('\n') + 1;
  const std::string turned = index.substr(second) + index.substr(0, second);
  write_file(folder.path() / "feats.scp", turned);
  writer_for(FeatureFormat::ark, folder.path())->close();
  CHECK(read_file(folder.path() / "feats.scp", kPlenty) == turned);
}

TEST_CASE("ark: of an archive that is cut off the whole leading utterances stay") {
  for (const FeatureFormat format : kKaldi) {
    CAPTURE(static_cast<int>(format));
    const TemporaryFolder folder;
    write_two(format, folder.path());
    const fs::path ark = folder.path() / "feats.ark";
    const std::string whole = read_file(ark, kPlenty);
    const std::string index = read_file(folder.path() / "feats.scp", kPlenty);
    for (const size_t missing : {size_t{1}, size_t{3}, whole.size() / 2 - 1}) {
      CAPTURE(missing);
      fs::resize_file(ark, whole.size() - missing);
      const CapturedStderr warnings;
      const auto second = writer_for(format, folder.path());
      CHECK(second->has("a"));
      CHECK_FALSE(second->has("b"));
      CHECK(warnings.contains("first 1 utterances are kept"));
      second->close();  // nothing new: what is torn goes
      CHECK(fs::file_size(ark) < whole.size() - missing + 1);
      write_two(format, folder.path());
      CHECK(read_file(ark, kPlenty) == whole);
      CHECK(read_file(folder.path() / "feats.scp", kPlenty) == index);
    }
  }
}

TEST_CASE("ark: an archive that is damaged otherwise is refused and stays as it is") {
  for (const FeatureFormat format : kKaldi) {
    CAPTURE(static_cast<int>(format));
    const TemporaryFolder folder;
    write_two(format, folder.path());
    const fs::path ark = folder.path() / "feats.ark";
    std::string bytes = read_file(ark, kPlenty);
    bytes.replace(2, 4, "????");
    write_file(ark, bytes);
    CHECK_THROWS_AS(writer_for(format, folder.path()), ConfigError);
    CHECK(read_file(ark, kPlenty) == bytes);
    CHECK_FALSE(make_feature_writer(format, {folder.path(), "", true}, contract_of_layer("c"))->has("a"));
  }
}

TEST_CASE("an archive stays when a run has nothing to write") {
  for (const FeatureFormat format : kArchives) {
    for (const bool overwrite : {false, true}) {
      const TemporaryFolder folder;
      write_two(format, folder.path());
      const fs::path archive = folder.path() / (format == FeatureFormat::hdf5 ? "features.h5" : "feats.ark");
      const std::string bytes = read_file(archive, kPlenty);
      make_feature_writer(format, {folder.path(), "", overwrite}, contract_of_layer("c"))->close();
      CHECK(read_file(archive, kPlenty) == bytes);
    }
  }
}

TEST_CASE("times of files decide nothing") {
  std::vector<FeatureFormat> all(std::begin(kPerFile), std::end(kPerFile));
  all.insert(all.end(), std::begin(kArchives), std::end(kArchives));
  for (const FeatureFormat format : all) {
    CAPTURE(static_cast<int>(format));
    const TemporaryFolder folder;
    write_two(format, folder.path());
    for (const auto& entry : fs::directory_iterator(folder.path()))
      if (entry.path().filename() != "frames.json")
        fs::last_write_time(entry.path(), fs::file_time_type::clock::now() - std::chrono::hours(9));
    CHECK(writer_for(format, folder.path())->has("b"));
  }
}

TEST_CASE("the format is part of what must agree") {
  const TemporaryFolder folder;
  write_two(FeatureFormat::ark, folder.path());
  const std::string bytes = read_file(folder.path() / "feats.ark", kPlenty);
  for (const FeatureFormat other : {FeatureFormat::ark_cm2, FeatureFormat::npy}) {
    CHECK_THROWS_WITH_AS(writer_for(other, folder.path()), doctest::Contains("file_format is \"ark\", now"),
                         ConfigError);
    CHECK(read_file(folder.path() / "feats.ark", kPlenty) == bytes);
  }
  make_feature_writer(FeatureFormat::npy, {folder.path(), "", true}, contract_of_layer("c"));
  CHECK_FALSE(fs::exists(folder.path() / "feats.ark"));
  CHECK_FALSE(fs::exists(folder.path() / "feats.scp"));
}

TEST_CASE("a folder has one writer at a time, or one of each part") {
  for (const FeatureFormat format : {FeatureFormat::ark, FeatureFormat::hdf5, FeatureFormat::npy}) {
    const TemporaryFolder folder;
    const auto part = [&](const char* name) {
      return make_feature_writer(format, {folder.path(), name, false}, contract_of_layer("c"));
    };
    {
      const auto alone = part("");
      CHECK_THROWS_AS(part(""), DiskError);
      CHECK_THROWS_AS(part("1of2"), DiskError);
      alone->close();
    }
    const auto first = part("1of2");
    const auto second = part("2of2");
    CHECK_THROWS_AS(part("1of2"), DiskError);
    CHECK_THROWS_AS(part(""), DiskError);
    CHECK_THROWS_AS(make_feature_writer(format, {folder.path(), "3of3", true}, contract_of_layer("z")),
                    DiskError);
  }
  const TemporaryFolder folder;
  writer_for(FeatureFormat::npy, folder.path())->close();
  const FeatureDestination again{folder.path(), "1of2", true};
  const auto replacing = make_feature_writer(FeatureFormat::npy, again, contract_of_layer("z"));
  CHECK_NOTHROW(
      make_feature_writer(FeatureFormat::npy, {folder.path(), "2of2", true}, contract_of_layer("z")));
}

TEST_CASE("a damaged hdf5 archive is written anew, whatever libhdf5 does with it") {
  const std::vector<float> rows = {1, 2, 3, 4, 5, 6};
  const TemporaryFolder folder;
  const fs::path h5 = folder.path() / "features.h5";
  const auto first = writer_for(FeatureFormat::hdf5, folder.path());
  for (const char* id : {"a", "b"}) first->write(id, rows_in_memory(rows.data(), 2, 3));
  first->close();
  std::string bytes = read_file(h5, 1 << 20);
  bytes.replace(168, 8, 8, '\xff');  // an address that libhdf5 1.10 follows into the void
  write_file(h5, bytes);
  const auto second = writer_for(FeatureFormat::hdf5, folder.path());
  CHECK_FALSE(second->has("a"));
  for (const char* id : {"a", "b"}) second->write(id, rows_in_memory(rows.data(), 2, 3));
  second->close();
  CHECK(writer_for(FeatureFormat::hdf5, folder.path())->has("b"));
}

TEST_CASE("an extended archive has the bytes of one that was written at once") {
  const std::vector<float> rows = {1, 2, 3, 4, 5, 6};
  for (const FeatureFormat format : {FeatureFormat::ark, FeatureFormat::ark_text, FeatureFormat::ark_cm1}) {
    const TemporaryFolder folder;
    const auto write = [&](std::initializer_list<const char*> ids) {
      const auto writer = writer_for(format, folder.path());
      for (const char* id : ids) {
        if (!writer->has(id)) writer->write(id, rows_in_memory(rows.data(), 2, 3));
      }
      writer->close();
      return read_file(folder.path() / "feats.ark", kPlenty) +
             read_file(folder.path() / "feats.scp", kPlenty);
    };
    write({"a"});
    const std::string extended = write({"a", "b"});
    fs::remove(folder.path() / "feats.ark");
    CHECK(write({"a", "b"}) == extended);
  }
}

TEST_CASE("another contract is refused, named, and replaced only on request") {
  const TemporaryFolder folder;
  const float value = 1;
  writer_for(FeatureFormat::npy, folder.path())->write("x/a", rows_in_memory(&value, 1, 1));
  writer_for(FeatureFormat::npy, folder.path() / "other")->write("a", rows_in_memory(&value, 1, 1));
  write_file(folder.path() / "notes.txt", "kept");
  try {
    make_feature_writer(FeatureFormat::npy, {folder.path(), "", false}, contract_of_layer("z"));
    FAIL("accepted");
  } catch (const ConfigError& error) {
    CHECK(std::string(error.what()).find("layer is \"c\", now \"z\"") != std::string::npos);
  }
  make_feature_writer(FeatureFormat::npy, {folder.path(), "", true}, contract_of_layer("z"));
  // Under the new contract they would be mislabelled, also if this process had been killed here.
  CHECK_FALSE(fs::exists(folder.path() / "x/a.npy"));
  CHECK(fs::exists(folder.path() / "other/a.npy"));
  CHECK(fs::exists(folder.path() / "notes.txt"));
  auto moved = contract_of_layer("z");
  moved.model = "elsewhere";
  CHECK_NOTHROW(make_feature_writer(FeatureFormat::npy, {folder.path(), "", false}, moved));
  write_file(folder.path() / "frames.json", "{\"layer\": 1}");
  CHECK_THROWS_AS(writer_for(FeatureFormat::npy, folder.path()), ConfigError);
}

TEST_CASE("features without a frames.json are nobody's, and stay") {
  const TemporaryFolder folder;
  for (const char* name : {"a.npy", "feats.ark"}) write_file(folder.path() / name, "x");
  for (const bool overwrite : {false, true})
    for (const FeatureFormat format : {FeatureFormat::npy, FeatureFormat::ark_cm1})
      CHECK_THROWS_WITH_AS(
          make_feature_writer(format, {folder.path(), "", overwrite}, contract_of_layer("c")),
          doctest::Contains("no frames.json"), ConfigError);
  CHECK_NOTHROW(writer_for(FeatureFormat::csv, folder.path()));
  CHECK(fs::exists(folder.path() / "a.npy"));
}

TEST_CASE("rows that pass in several pieces give the bytes of the matrix") {
  const TemporaryFolder folder;
  const int64_t frames = 10'001;
  const auto value = [](int64_t row, int64_t channel) { return static_cast<float>(row * 7 - channel); };
  int64_t most = 0;
  const FeatureRows rows{frames, 3, [&](int64_t first, int64_t count, float* out) {
                           most = std::max(most, count);
                           for (int64_t i = 0; i < count * 3; ++i) out[i] = value(first + i / 3, i % 3);
                         }};
  std::vector<float> all(static_cast<size_t>(frames * 3));
  rows.read(0, frames, all.data());
  most = 0;
  writer_for(FeatureFormat::npy, folder.path())->write("a", rows);
  CHECK(read_npy(folder.path() / "a.npy").floats() == all);
  CHECK(most == 4096);
  const auto ark = writer_for(FeatureFormat::ark, folder.path() / "ark");
  ark->write("a", rows);
  ark->close();
  CHECK(kaldi_matrix(read_file(folder.path() / "ark/feats.ark", kPlenty), 2).values == all);
}

TEST_CASE("compressed archives refuse what is not finite and stay whole") {
  const std::vector<float> bad = {1, std::numeric_limits<float>::quiet_NaN()};
  const std::vector<float> good = {1, 1};
  for (const FeatureFormat format :
       {FeatureFormat::ark_cm1, FeatureFormat::ark_cm2, FeatureFormat::ark_cm3}) {
    const TemporaryFolder folder;
    const auto writer = writer_for(format, folder.path());
    CHECK_THROWS_AS(writer->write("bad", rows_in_memory(bad.data(), 1, 2)), DataError);
    writer->write("good", rows_in_memory(good.data(), 1, 2));
    writer->write("empty", rows_in_memory(good.data(), 0, 2));
    writer->close();
    CHECK(read_file(folder.path() / "feats.scp", kPlenty).starts_with("good "));
  }
}

TEST_CASE("hdf5: an id cannot be another one's folder") {
  const TemporaryFolder folder;
  const float value = 1;
  const auto writer = writer_for(FeatureFormat::hdf5, folder.path());
  writer->write("a/b", rows_in_memory(&value, 1, 1));
  for (const char* id : {"a", "a/b", "a/b/c"})
    CHECK_THROWS_AS(writer->write(id, rows_in_memory(&value, 1, 1)), DataError);
  writer->write("a/c", rows_in_memory(&value, 1, 1));
  writer->close();
}

TEST_CASE("formats that go back in their file refuse standard output") {
  for (const FeatureFormat format : {FeatureFormat::npz, FeatureFormat::ark_cm1, FeatureFormat::htk,
                                     FeatureFormat::hdf5, FeatureFormat::h5context})
    CHECK_THROWS_AS(make_feature_writer(format, {"-", "", false}, contract_of_layer("c")), ConfigError);
}

}  // namespace
}  // namespace wav2vec
