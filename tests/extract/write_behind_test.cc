#include "wav2vec/extract/write_behind.h"

#include <doctest/doctest.h>

#include <numeric>

#include "wav2vec/core/error.h"

using namespace wav2vec;

namespace {

/// Keeps what it gets; ids may ask for an error.
class Recorder : public FeatureWriter {
 public:
  bool has(std::string_view) override { return false; }
  void write(std::string_view id, const FeatureRows& rows) override {
    if (id == "bad") throw DataError("bad utterance");
    if (id == "full") throw DiskError("no space");
    std::vector<float> values(static_cast<size_t>(rows.frames * rows.channels));
    rows.read(0, rows.frames, values.data());
    ids.emplace_back(id);
    sums.push_back(std::accumulate(values.begin(), values.end(), 0.0));
  }
  void close() override {}

  std::vector<std::string> ids;
  std::vector<double> sums;
};

}  // namespace

TEST_CASE("write behind: everything in order, copied before the caller's memory changes") {
  Recorder recorder;
  WriteBehind behind(recorder);
  std::vector<std::string> ids;
  for (int i = 0; i < 100; ++i) {
    std::vector<float> rows(12, static_cast<float>(i));
    ids.push_back(std::to_string(i));
    behind.write(ids.back(), rows_in_memory(rows.data(), 4, 3), "a.wav");
    std::fill(rows.begin(), rows.end(), -1.0F);
  }
  const WrittenFeatures written = behind.finish();
  CHECK(written.failures.empty());
  CHECK(written.utterances == 100);
  CHECK(written.frames == 400);
  CHECK(recorder.ids == ids);
  for (size_t i = 0; i < ids.size(); ++i) CHECK(recorder.sums[i] == 12.0 * static_cast<double>(i));
}

TEST_CASE("write behind: a long utterance is written behind the short ones before it, without a copy") {
  Recorder recorder;
  WriteBehind behind(recorder);
  const std::vector<float> few(3, 1.0F);
  int64_t most_read = 0;
  const FeatureRows many{5 << 20, 1, [&](int64_t, int64_t count, float* out) {
                           most_read = std::max(most_read, count);
                           std::fill_n(out, count, 0.5F);
                         }};
  behind.write("short", rows_in_memory(few.data(), 3, 1), "a.wav");
  behind.write("long", many, "a.wav");
  behind.write("last", rows_in_memory(few.data(), 3, 1), "a.wav");
  behind.finish();
  CHECK(recorder.ids == std::vector<std::string>{"short", "long", "last"});
  CHECK(recorder.sums[1] == doctest::Approx(0.5 * (5 << 20)));
}

TEST_CASE("write behind: what is wrong with one utterance is collected, a full disk ends it") {
  Recorder recorder;
  WriteBehind behind(recorder);
  const std::vector<float> rows(3, 1.0F);
  const FeatureRows some = rows_in_memory(rows.data(), 3, 1);
  behind.write("a", some, "a.wav");
  behind.write("bad", some, "a.wav");
  behind.write("b", some, "a.wav");
  const WrittenFeatures written = behind.finish();
  CHECK(written.failures == std::vector<std::string>{"a.wav: bad utterance"});
  CHECK(written.failed_ids == std::set<std::string>{"bad"});
  CHECK(written.utterances == 2);  // no row of another one counts
  CHECK(written.frames == 2 * some.frames);
  CHECK(recorder.ids == std::vector<std::string>{"a", "b"});
  behind.write("full", some, "a.wav");
  CHECK_THROWS_AS(behind.finish(), DiskError);
  CHECK_THROWS_AS(behind.write("c", some, "a.wav"), DiskError);
}
