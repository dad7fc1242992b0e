// Features of several processes become what one process would have written.

#include <doctest/doctest.h>

#include <map>

#include "support/audio_files.h"
#include "support/command.h"
#include "support/speech_like.h"
#include "support/temporary_folder.h"
#include "wav2vec/io/ark.h"
#include "wav2vec/io/feature_summary.h"

using namespace wav2vec;
namespace fs = std::filesystem;

namespace {

struct Bench {
  TemporaryFolder folder;
  fs::path audio = folder.path() / "audio";

  Bench() {
    fs::create_directories(audio / "deep");
    for (uint64_t i = 0; i < 7; ++i) {
      const fs::path name = (i % 2 == 0 ? audio : audio / "deep") / ("u" + std::to_string(i) + ".wav");
      test::write_audio(name, test::glide(i, 4000 + 3000 * static_cast<int64_t>(i)));
    }
  }

  int extract(const std::string& out, const std::string& format, const std::string& shard) const {
    std::vector<std::string> words{"extract",           "--features", "fbank", "--out",
                                   folder.path() / out, "--format",   format,  audio};
    if (!shard.empty()) words.insert(words.end(), {"--shard", shard});
    return test::run_wav2vec(words).exit_code;
  }
  test::CommandResult merge(const std::string& out) const {
    return test::run_wav2vec({"merge", folder.path() / out});
  }
};

// The bytes of every utterance: key and matrix.
std::map<std::string, std::string> matrices(const fs::path& ark) {
  const std::string bytes = test::read_bytes(ark);
  const ArkEntries found = read_ark_entries(ark);
  std::map<std::string, std::string> out;
  for (size_t i = 0; i < found.entries.size(); ++i) {
    const uint64_t end = i + 1 < found.entries.size()
                             ? found.entries[i + 1].offset - found.entries[i + 1].key.size() - 1
                             : found.bytes;
    out[found.entries[i].key] = bytes.substr(found.entries[i].offset, end - found.entries[i].offset);
  }
  return out;
}

}  // namespace

TEST_CASE("merge: archives of shards become the archive of one run, whatever is repeated") {
  const Bench bench;
  for (const std::string format : {"ark", "ark-text", "ark-cm2"}) {
    CAPTURE(format);
    const fs::path whole = bench.folder.path() / (format + "-whole");
    const std::string shards = format + "-shards";
    const fs::path out = bench.folder.path() / shards;
    REQUIRE(bench.extract(whole.filename(), format, "") == 0);
    REQUIRE(bench.extract(shards, format, "1/3") == 0);
    REQUIRE(bench.extract(shards, format, "3/3") == 0);
    const auto early = bench.merge(shards);
    CHECK(early.exit_code == 3);
    CHECK(early.standard_error.find("part 2 of 3 is missing; run extract with --shard 2/3") !=
          std::string::npos);
    REQUIRE(bench.extract(shards, format, "2/3") == 0);
    // As if a merge had been killed between writing the whole and removing its parts.
    const fs::path kept = bench.folder.path() / (format + "-kept");
    fs::copy(out, kept);
    const auto merged = bench.merge(shards);
    INFO(merged.standard_error);
    REQUIRE(merged.exit_code == 0);
    CHECK(merged.standard_output.find("3 parts merged, 7 utterances") != std::string::npos);
    CHECK(matrices(out / "feats.ark") == matrices(whole / "feats.ark"));
    CHECK(summarize_scp(out / "feats.scp").utterances == 7);
    CHECK_FALSE(fs::exists(out / "feats.1of3.ark"));
    CHECK_FALSE(fs::exists(out / "feats.1of3.scp"));
    fs::copy(kept, out, fs::copy_options::overwrite_existing);
    REQUIRE(bench.merge(shards).exit_code == 0);
    CHECK(matrices(out / "feats.ark") == matrices(whole / "feats.ark"));
    CHECK(bench.merge(shards).standard_output.find("nothing to merge") != std::string::npos);
    CHECK(bench.extract(shards, format, "") == 0);  // all of it stands
    CHECK(matrices(out / "feats.ark") == matrices(whole / "feats.ark"));
  }
}

TEST_CASE("merge: HDF5") {
  const Bench bench;
  const fs::path out = bench.folder.path() / "shards";
  REQUIRE(bench.extract("whole", "hdf5", "") == 0);
  for (const char* shard : {"1/2", "2/2"}) REQUIRE(bench.extract("shards", "hdf5", shard) == 0);
  const auto merged = bench.merge("shards");
  INFO(merged.standard_error);
  REQUIRE(merged.exit_code == 0);
  CHECK_FALSE(fs::exists(out / "features.1of2.h5"));
  const auto expected = summarize_hdf5(bench.folder.path() / "whole" / "features.h5");
  const auto found = summarize_hdf5(out / "features.h5");
  CHECK(found.utterances == 7);
  CHECK(found.frames == expected.frames);
  CHECK(found.channels == expected.channels);
  REQUIRE(found.contract.has_value());
  CHECK(contract_difference(*found.contract, *expected.contract).empty());
  // What stands counts for a later run, so every matrix lies where its id says.
  const auto again = test::run_wav2vec(
      {"extract", "--features", "fbank", "--out", out, "--format", "hdf5", bench.audio, "--json"});
  CHECK(again.exit_code == 0);
  CHECK(again.standard_output.find("\"standing\": 7") != std::string::npos);
}

TEST_CASE("merge: parts of two splits, a damaged part and other folders are refused") {
  const Bench bench;
  REQUIRE(bench.extract("mixed", "ark", "1/2") == 0);
  REQUIRE(bench.extract("mixed", "ark", "1/3") == 0);
  const auto mixed = bench.merge("mixed");
  CHECK(mixed.exit_code == 3);
  CHECK(mixed.standard_error.find("parts of ") != std::string::npos);
  for (const char* shard : {"1/2", "2/2"}) REQUIRE(bench.extract("cut", "ark", shard) == 0);
  const fs::path part = bench.folder.path() / "cut" / "feats.2of2.ark";
  fs::resize_file(part, fs::file_size(part) - 5);
  CHECK(bench.merge("cut").exit_code == 3);
  CHECK(fs::exists(bench.folder.path() / "cut" / "feats.1of2.ark"));
  CHECK_FALSE(fs::exists(bench.folder.path() / "cut" / "feats.ark"));
  CHECK(test::run_wav2vec({"merge", bench.audio}).exit_code == 3);
  CHECK(test::run_wav2vec({"merge", bench.folder.path() / "absent"}).exit_code == 3);
}
