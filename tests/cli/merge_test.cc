// What several processes wrote becomes what one process would have written.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>

#include "support/ark_matrices.h"
#include "support/audio_files.h"
#include "support/audio_folder.h"
#include "support/command.h"
#include "support/speech_like.h"
#include "support/temporary_folder.h"
#include "wav2vec/core/file.h"
#include "wav2vec/io/feature_summary.h"

using namespace wav2vec;
namespace fs = std::filesystem;

namespace {

struct Bench {
  TemporaryFolder folder;
  fs::path audio = folder.path() / "audio";

  Bench() { test::write_audio_folder(audio); }

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
    CHECK(early.standard_error.find("part 2 of 3 is missing; make it with --shard 2/3") != std::string::npos);
    REQUIRE(bench.extract(shards, format, "2/3") == 0);
    // As if a merge had been killed between writing the whole and removing its parts.
    const fs::path kept = bench.folder.path() / (format + "-kept");
    fs::copy(out, kept);
    const auto merged = bench.merge(shards);
    INFO(merged.standard_error);
    REQUIRE(merged.exit_code == 0);
    CHECK(merged.standard_output.find("3 parts merged, 7 utterances") != std::string::npos);
    CHECK(test::ark_matrices(out / "feats.ark") == test::ark_matrices(whole / "feats.ark"));
    CHECK(summarize_scp(out / "feats.scp").utterances == 7);
    CHECK_FALSE(fs::exists(out / "feats.1of3.ark"));
    CHECK_FALSE(fs::exists(out / "feats.1of3.scp"));
    fs::copy(kept, out, fs::copy_options::overwrite_existing);
    REQUIRE(bench.merge(shards).exit_code == 0);
    CHECK(test::ark_matrices(out / "feats.ark") == test::ark_matrices(whole / "feats.ark"));
    CHECK(bench.merge(shards).standard_output.find("nothing to merge") != std::string::npos);
    // As if it had been killed while it removed them: what is left is in the whole. A younger part is not.
    for (const char* name : {"feats.2of3.ark", "feats.2of3.scp"}) fs::copy(kept / name, out / name);
    const fs::path left = out / "feats.2of3.ark";
    fs::last_write_time(left, fs::last_write_time(out / "feats.ark") + std::chrono::seconds(2));
    CHECK(bench.merge(shards).exit_code == 3);
    fs::last_write_time(left, fs::last_write_time(out / "feats.ark") - std::chrono::seconds(2));
    CHECK(bench.merge(shards).standard_output.find("nothing to merge") != std::string::npos);
    CHECK_FALSE(fs::exists(left));
    CHECK(bench.extract(shards, format, "") == 0);  // all of it stands
    CHECK(test::ark_matrices(out / "feats.ark") == test::ark_matrices(whole / "feats.ark"));
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

TEST_CASE("merge: alignments of parts, one behind the other") {
  const TemporaryFolder folder;
  const fs::path ctm = folder.path() / "all.ctm";
  const auto merge = [](const fs::path& path) { return test::run_wav2vec({"merge", path}); };
  CHECK(merge(ctm).exit_code == 3);
  write_file(folder.path() / "all.2of2.ctm", "b 1 0.000 0.500 word 0.900\n");
  const auto early = merge(ctm);
  CHECK(early.exit_code == 3);
  CHECK(early.standard_error.find("part 1 of 2 is missing") != std::string::npos);
  write_file(folder.path() / "all.1of2.ctm", "a 1 0.000 0.250 word 0.900\n");
  CHECK(merge(ctm).exit_code == 0);
  CHECK(read_file(ctm, 1000) == "a 1 0.000 0.250 word 0.900\nb 1 0.000 0.500 word 0.900\n");
  CHECK_FALSE(fs::exists(folder.path() / "all.1of2.ctm"));
  CHECK(merge(ctm).standard_output.find("nothing to merge") != std::string::npos);

  const fs::path json = folder.path() / "all.json";
  write_file(folder.path() / "all.1of3.json", "[{\"id\": \"a\"}, {\"id\": \"b\"}]");
  write_file(folder.path() / "all.2of3.json", "[]");
  write_file(folder.path() / "all.3of3.json", "{\"id\": \"c\"}");
  CHECK(merge(json).exit_code == 0);
  CHECK(read_file(json, 1000) ==
        "[\n {\n  \"id\": \"a\"\n },\n {\n  \"id\": \"b\"\n },\n {\n  \"id\": \"c\"\n }\n]\n");
  write_file(folder.path() / "all.1of1.json", "{");
  CHECK(merge(json).exit_code == 3);
}

TEST_CASE("merge: parts of align say what one process says, also where a part has nothing") {
  const TemporaryFolder folder;
  std::string manifest;
  for (uint64_t i = 0; i < 3; ++i) {
    const fs::path audio = folder.path() / fmt::format("u{}.wav", i);
    test::write_wav(audio, test::glide(i, 20000));
    manifest += fmt::format("{{\"audio\": \"{}\", \"id\": \"u{}\", \"text\": \"nobody but me\"}}\n",
                            audio.string(), i);
  }
  write_file(folder.path() / "all.jsonl", manifest);
  const auto align = [&](const std::string& out, const std::string& shard) {
    std::vector<std::string> words{"align",
                                   "--manifest",
                                   folder.path() / "all.jsonl",
                                   "--model",
                                   W2V_SOURCE_DIR "/models/default.safetensors",
                                   "-o",
                                   folder.path() / out};
    if (!shard.empty()) words.insert(words.end(), {"--shard", shard});
    const auto result = test::run_wav2vec(words);
    INFO(result.standard_error);
    CHECK(result.exit_code <= 1);  // 1: the text is not spoken
  };
  const auto recordings = [&](const std::string& name) {
    std::map<std::string, std::string> out;
    for (const auto& recording : nlohmann::json::parse(read_file(folder.path() / name, 1 << 20)))
      out[recording.at("id")] = recording.dump();
    return out;
  };
  align("whole.json", "");
  for (const char* shard : {"1/4", "2/4", "3/4", "4/4"}) align("parts.json", shard);
  CHECK(fs::exists(folder.path() / "parts.4of4.json"));
  CHECK_FALSE(fs::exists(folder.path() / "parts.json"));
  CHECK(test::run_wav2vec({"merge", folder.path() / "parts.json"}).exit_code == 0);
  CHECK(recordings("parts.json").size() == 3);
  CHECK(recordings("parts.json") == recordings("whole.json"));
  CHECK(test::run_wav2vec({"align", "--manifest", folder.path() / "all.jsonl", "--shard", "1/2", "-o", "-",
                           "--format", "ctm"})
            .exit_code == 2);
}
