#include "wav2vec/train/metrics.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <cmath>
#include <csignal>
#include <cstring>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "support/temporary_folder.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/file.h"
#include "wav2vec/core/hash.h"

using namespace wav2vec;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

MetricsRecord train_record(int64_t update, double loss) {
  return {.update = update, .split = "train", .values = {{"loss_bits", loss}}};
}

MetricsRecord valid_record(int64_t update, double loss) {
  return {.update = update,
          .split = "valid",
          .values = {{"loss_bits", loss}, {"accuracy", 0.5}},
          .lists = {{"accuracy_per_step", {0.75, 0.25}}}};
}

std::vector<std::string> lines_of(const fs::path& path) {
  std::ifstream in(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<int64_t> updates_of(const fs::path& path) {
  std::vector<int64_t> updates;
  for (const auto& record : read_metrics(path)) updates.push_back(record.update);
  return updates;
}

void append_raw(const fs::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::app | std::ios::binary) << bytes;
}

// A reader of event files that shares nothing with the writer.

uint32_t slow_masked_crc(std::string_view bytes) {
  uint32_t crc = 0xFFFFFFFFU;
  for (char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0x82F63B78U : 0U);
  }
  crc = ~crc;
  return ((crc >> 15) | (crc << 17)) + 0xA282EAD8U;
}

template <class T>
T take(std::string_view& bytes) {
  REQUIRE(bytes.size() >= sizeof(T));
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(sizeof value);
  return value;
}

std::vector<std::string> take_frames(std::string_view file) {
  std::vector<std::string> frames;
  while (!file.empty()) {
    const std::string_view length_bytes = file.substr(0, 8);
    const auto length = take<uint64_t>(file);
    CHECK(take<uint32_t>(file) == slow_masked_crc(length_bytes));
    REQUIRE(file.size() >= length + 4);
    frames.emplace_back(file.substr(0, length));
    file.remove_prefix(length);
    CHECK(take<uint32_t>(file) == slow_masked_crc(frames.back()));
  }
  return frames;
}

uint64_t take_varint(std::string_view& bytes) {
  uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = take<unsigned char>(bytes);
    value |= static_cast<uint64_t>(byte & 0x7FU) << shift;
    if (byte < 0x80) return value;
  }
}

struct Field {
  uint64_t number = 0;
  uint64_t integer = 0;  // varint, fixed32 and fixed64 as bits
  std::string bytes;
};

std::vector<Field> take_fields(std::string_view message) {
  std::vector<Field> fields;
  while (!message.empty()) {
    const uint64_t key = take_varint(message);
    Field field{.number = key >> 3, .integer = 0, .bytes = {}};
    switch (key & 7U) {
      case 0:
        field.integer = take_varint(message);
        break;
      case 1:
        field.integer = take<uint64_t>(message);
        break;
      case 5:
        field.integer = take<uint32_t>(message);
        break;
      case 2: {
        const uint64_t size = take_varint(message);
        REQUIRE(size <= message.size());
        field.bytes = std::string(message.substr(0, size));
        message.remove_prefix(size);
        break;
      }
      default:
        FAIL("wire type " << (key & 7U));
    }
    fields.push_back(field);
  }
  return fields;
}

const Field& field_of(const std::vector<Field>& fields, uint64_t number) {
  for (const Field& field : fields) {
    if (field.number == number) return field;
  }
  FAIL("no field " << number);
  return fields.front();
}

float float_of(const Field& field) {
  const auto bits = static_cast<uint32_t>(field.integer);
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

std::vector<fs::path> event_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with("events.out.tfevents.")) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

TEST_CASE("metrics.jsonl gives back what was written, not-finite numbers included") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "run" / "metrics.jsonl";
  const auto sink = open_jsonl(path);
  sink->write({.update = 20,
               .split = "train",
               .values = {{"loss_bits", 0.1}, {"a", kNan}, {"b", kInfinity}, {"c", -kInfinity}, {"d", 1e300}},
               .lists = {{"accuracy_per_step", {0.25, kNan}}}});
  sink->write({.update = 20, .split = "alarm", .text = "line\nbreak \"\xFF"});

  const auto lines = lines_of(path);
  REQUIRE(lines.size() == 2);
  for (const auto& line : lines) CHECK(json::accept(line));
  CHECK(json::parse(lines[0])["a"] == "NaN");

  const auto records = read_metrics(path);
  REQUIRE(records.size() == 2);
  CHECK(records[0].update == 20);
  CHECK(records[0].split == "train");
  REQUIRE(records[0].values.size() == 5);
  CHECK(records[0].values[0] == std::pair<std::string, double>("loss_bits", 0.1));
  CHECK(std::isnan(records[0].values[1].second));
  CHECK(records[0].values[2].second == kInfinity);
  CHECK(records[0].values[3].second == -kInfinity);
  CHECK(records[0].values[4].second == 1e300);
  REQUIRE(records[0].lists.size() == 1);
  CHECK(records[0].lists[0].second[0] == 0.25);
  CHECK(std::isnan(records[0].lists[0].second[1]));
  CHECK(records[1].text == "line\nbreak \"\xEF\xBF\xBD");
}

TEST_CASE("a resumed metrics.jsonl has neither gaps nor repeats") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "metrics.jsonl";
  {
    const auto sink = open_jsonl(path);
    for (int64_t update = 10; update <= 50; update += 10) sink->write(train_record(update, 5.0));
    sink->write(valid_record(50, 4.0));
  }
  const auto sink = open_jsonl(path);
  sink->resume_at(30);
  CHECK(updates_of(path) == std::vector<int64_t>{10, 20, 30});
  sink->write(train_record(40, 4.5));
  sink->write(train_record(50, 4.4));
  sink->flush();
  CHECK(updates_of(path) == std::vector<int64_t>{10, 20, 30, 40, 50});
  sink->resume_at(-1);
  CHECK(updates_of(path).empty());
}

TEST_CASE("a last line cut off by kill -9 is dropped, in JSON and CSV") {
  const TemporaryFolder folder;
  const auto jsonl = folder.path() / "metrics.jsonl";
  const auto csv = folder.path() / "metrics.csv";
  open_jsonl(jsonl)->write(train_record(10, 5.0));
  open_csv(csv)->write(train_record(10, 5.0));
  append_raw(jsonl, "{\"update\":20,\"spl");
  append_raw(csv, "20,tra");
  CHECK(updates_of(jsonl) == std::vector<int64_t>{10});

  open_jsonl(jsonl)->write(train_record(20, 4.0));
  open_csv(csv)->write(train_record(20, 4.0));
  CHECK(updates_of(jsonl) == std::vector<int64_t>{10, 20});
  CHECK(lines_of(jsonl).size() == 2);
  CHECK(lines_of(csv) ==
        std::vector<std::string>{"update,split,text,loss_bits", "10,train,,5", "20,train,,4"});
}

TEST_CASE("a file of garbage is no metrics") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "metrics.jsonl";
  append_raw(path, "[1,2]\nnull\n{\"split\":\"train\"}\n{\"update\":\"x\"}\n\n\xFF\xFE\n{\"update\":7}\n");
  CHECK(updates_of(path) == std::vector<int64_t>{7});
  CHECK_THROWS_AS(read_metrics(folder.path() / "missing"), DataError);
}

TEST_CASE("metrics.csv has one header and as many cells in every row") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "metrics.csv";
  const auto sink = open_csv(path);
  sink->write(train_record(10, 5.5));
  sink->write(valid_record(10, kNan));
  sink->write({.update = 10, .split = "alarm", .text = "=1+1, \"two\"\n"});
  sink->write(train_record(20, -0.5));
  CHECK(lines_of(path) == std::vector<std::string>{
                              "update,split,text,loss_bits,accuracy,accuracy_per_step_1,accuracy_per_step_2",
                              "10,train,,5.5,,,", "10,valid,,NaN,0.5,0.75,0.25",
                              "10,alarm,\"'=1+1, \"\"two\"\"\\n\",,,,", "20,train,,-0.5,,,"});

  open_csv(path)->resume_at(10);
  CHECK(lines_of(path).size() == 4);
  const auto again = open_csv(path);
  again->write(valid_record(20, 4.0));
  CHECK(lines_of(path).back() == "20,valid,,4,0.5,0.75,0.25");
}

TEST_CASE("an event file follows TFRecord and the Event message") {
  const TemporaryFolder folder;
  const auto sink = open_tensorboard(folder.path() / "tensorboard");
  sink->write(train_record(300, 4.75));
  sink->write(valid_record(1000, 3.5));
  sink->write({.update = 1000, .split = "alarm", .text = "only text"});
  sink->flush();

  const auto files = event_files(folder.path() / "tensorboard");
  REQUIRE(files.size() == 1);
  const auto frames = take_frames(read_file(files[0], 1 << 20));
  REQUIRE(frames.size() == 3);
  CHECK(field_of(take_fields(frames[0]), 3).bytes == "brain.Event:2");

  const auto first = take_fields(frames[1]);
  double wall_time = 0;
  std::memcpy(&wall_time, &field_of(first, 1).integer, sizeof wall_time);
  CHECK(wall_time > 1.5e9);
  CHECK(field_of(first, 2).integer == 300);
  const auto value = take_fields(field_of(take_fields(field_of(first, 5).bytes), 1).bytes);
  CHECK(field_of(value, 1).bytes == "train/loss_bits");
  CHECK(float_of(field_of(value, 2)) == 4.75F);

  const auto second = take_fields(field_of(take_fields(frames[2]), 5).bytes);
  REQUIRE(second.size() == 4);
  CHECK(field_of(take_fields(second[3].bytes), 1).bytes == "valid/accuracy_per_step/02");
}

TEST_CASE("a resumed run starts a new event file that expires later steps") {
  const TemporaryFolder folder;
  open_tensorboard(folder.path())->write(train_record(10, 5.0));
  const auto sink = open_tensorboard(folder.path());
  sink->resume_at(7);
  sink->write(train_record(8, 5.0));
  const auto files = event_files(folder.path());
  REQUIRE(files.size() == 2);
  const auto frames = take_frames(read_file(files[1], 1 << 20));
  REQUIRE(frames.size() == 3);
  const auto start = take_fields(frames[1]);
  CHECK(field_of(start, 2).integer == 8);
  CHECK(field_of(take_fields(field_of(start, 7).bytes), 1).integer == 1);
}

TEST_CASE("a folder that cannot be written is a disk error that names it") {
  const TemporaryFolder folder;
  append_raw(folder.path() / "file", "x");
  const auto inside = folder.path() / "file" / "metrics.jsonl";
  CHECK_THROWS_AS(open_jsonl(inside), DiskError);
  CHECK_THROWS_AS(open_csv(inside), DiskError);
  CHECK_THROWS_AS(open_tensorboard(inside), DiskError);
}

TEST_CASE("a record that the disk does not take leaves no torn line behind") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "metrics.jsonl";
  const auto sink = open_jsonl(path);
  sink->write(train_record(10, 5.0));

  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit tight{fs::file_size(path) + 30, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &tight) == 0);
  CHECK_THROWS_AS(sink->write(valid_record(20, 4.0)), DiskError);
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);

  sink->write(train_record(30, 4.0));
  CHECK(lines_of(path).size() == 2);
  CHECK(updates_of(path) == std::vector<int64_t>{10, 30});
}
