// What summaries say of files that our own writers wrote, and of damaged ones.

#include "wav2vec/io/feature_summary.h"

#include <doctest/doctest.h>

#include <functional>

#include "support/temporary_folder.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/file.h"
#include "wav2vec/io/ark.h"
#include "wav2vec/io/feature_writer.h"
#include "wav2vec/io/file_kind.h"
#include "wav2vec/io/model_file.h"

using namespace wav2vec;
namespace fs = std::filesystem;

namespace {

constexpr int64_t kChannels = 3;

const FeatureContract kContract{.sample_rate_hz = 16000,
                                .hop_samples = 160,
                                .receptive_field_samples = 465,
                                .first_frame_center_seconds = 232.0 / 16000,
                                .layer = "c",
                                .channels = kChannels,
                                .model = "run",
                                .model_hash = "crc32c:01234567",
                                .resampler = "soxr",
                                .dtype = "f32"};

/// Utterances spk/a of 4 frames and spk/b of 2.
void write_features(FeatureFormat format, const fs::path& out) {
  const std::vector<float> values{1.5F, -2, 3, 4e-8F, 5, 6e7F, 7, 8, 9, 10, 11, 12};
  const auto writer = make_feature_writer(format, {out, "", false}, kContract);
  writer->write("spk/a", rows_in_memory(values.data(), 4, kChannels));
  writer->write("spk/b", rows_in_memory(values.data(), 2, kChannels));
  writer->close();
}

/// Every shorter file and one of other bytes is a FormatError of one line that names the file.
void require_refusals(const fs::path& path, const std::function<void()>& read, size_t step = 1) {
  const std::string good = read_file(path, 1 << 20);
  const auto refused = [&](const std::string& bytes) {
    write_file(path, bytes);
    try {
      read();
    } catch (const FormatError& error) {
      const std::string message = error.what();
      return message.starts_with(path.string() + ":") && message.find('\n') == std::string::npos;
    }
    return false;
  };
  for (size_t n = 0; n < good.size(); n += step) {
    CAPTURE(n);
    CHECK(refused(good.substr(0, n)));
  }
  CHECK(refused(std::string(good.size(), 'x')));
  write_file(path, good);
}

}  // namespace

TEST_CASE("file_hash is CRC-32C") {
  const TemporaryFolder folder;
  write_file(folder.path() / "a", "123456789");
  CHECK(file_hash(folder.path() / "a") == "crc32c:e3069283");
}

TEST_CASE("htk: counted by its header, every other length is refused") {
  const TemporaryFolder folder;
  write_features(FeatureFormat::htk, folder.path());
  const fs::path path = folder.path() / "spk/a.htk";
  const FeatureFileSummary summary = summarize_htk(path);
  CHECK(summary.frames == 4);
  CHECK(summary.channels == kChannels);
  CHECK(summary.period_seconds == doctest::Approx(0.01));
  require_refusals(path, [&] { summarize_htk(path); });
  write_file(path, read_file(path, 1000) + "x");
  CHECK_THROWS_AS(summarize_htk(path), FormatError);
  CHECK_THROWS_AS(summarize_htk(folder.path()), DataError);
}

TEST_CASE("npy: header and size, the contract of frames.json vouches for it") {
  const TemporaryFolder folder;
  write_features(FeatureFormat::npy, folder.path());
  const fs::path path = folder.path() / "spk/a.npy";
  CHECK(summarize_npy(path).shape == std::vector<int64_t>{4, kChannels});
  const auto contract = contract_beside(path, kChannels);
  REQUIRE(contract);
  CHECK(contract->model_hash == kContract.model_hash);
  CHECK_FALSE(contract_beside(path, kChannels + 1));
  require_refusals(path, [&] { summarize_npy(path); });
  write_features(FeatureFormat::npy, folder.path());
  fs::last_write_time(path, fs::last_write_time(folder.path() / kContractFileName) - std::chrono::hours(1));
  CHECK(contract_beside(path, kChannels));  // a copy has other times
  CHECK_FALSE(contract_beside(folder.path() / "spk/a.npz", kChannels));
  fs::remove(path);
  write_file(path, "x");
  write_file(folder.path() / kContractFileName, "{}");
  CHECK_FALSE(contract_beside(path, kChannels));
}

TEST_CASE("npz, safetensors: shape and contract, every shorter file is refused") {
  const TemporaryFolder folder;
  write_features(FeatureFormat::npz, folder.path() / "npz");
  write_features(FeatureFormat::safetensors, folder.path() / "safetensors");
  const fs::path npz = folder.path() / "npz/spk/a.npz";
  const fs::path tensors = folder.path() / "safetensors/spk/a.safetensors";
  for (const auto& summary : {summarize_npz(npz), summarize_safetensors(tensors).value()}) {
    CHECK(summary.frames == 4);
    CHECK(summary.channels == kChannels);
    REQUIRE(summary.contract);
    CHECK(contract_difference(*summary.contract, kContract).starts_with("file_format"));  // and nothing else
  }
  require_refusals(npz, [&] { summarize_npz(npz); });
  require_refusals(tensors, [&] { summarize_safetensors(tensors); });
  std::string flipped = read_file(npz, 100000);
  flipped[flipped.find("run") + 1] ^= 1;  // within the contract: the checksum tells
  write_file(npz, flipped);
  CHECK_THROWS_AS(summarize_npz(npz), FormatError);
}

TEST_CASE("csv: rows, channels and utterances are counted, what is no such table is refused") {
  const TemporaryFolder folder;
  write_features(FeatureFormat::csv, folder.path());
  const fs::path path = folder.path() / "spk/a.csv";
  const FeatureFileSummary summary = summarize_csv(path);
  CHECK(summary.frames == 4);
  CHECK(summary.channels == kChannels);
  CHECK(summary.utterances == 1);
  const std::string header = "utterance,seconds,0,1\n";
  write_file(path, header + "\"a, \"\"b\"\"\",0.1,1,nan\n\"a, \"\"b\"\"\",0.2,-inf,2e9\nc,0.1,1,2\r\n");
  CHECK(summarize_csv(path).frames == 3);
  CHECK(summarize_csv(path).utterances == 2);
  for (const std::string bad : {"", "a,b\n1,2\n", "utterance,seconds,0,1\na,0.1,1\n",
                                "utterance,seconds,0,1\na,0.1,1,x\n", "utterance,seconds,0,1\na,0.1,1,2",
                                "utterance,seconds,0,1\n\n", "utterance,seconds,0,1\n\"a,0.1,1,2\n"}) {
    CAPTURE(bad);
    write_file(path, bad);
    CHECK_THROWS_AS(summarize_csv(path), FormatError);
  }
}

TEST_CASE("hdf5: archives and h5context, every shorter file is refused, whatever libhdf5 does with it") {
  const TemporaryFolder folder;
  write_features(FeatureFormat::hdf5, folder.path() / "hdf5");
  write_features(FeatureFormat::h5context, folder.path() / "h5context");
  const fs::path archive = folder.path() / "hdf5/features.h5";
  const fs::path context = folder.path() / "h5context/spk/a.h5context";
  const FeatureFileSummary all = summarize_hdf5(archive);
  CHECK(all.utterances == 2);
  CHECK(all.frames == 6);
  CHECK(all.channels == kChannels);
  REQUIRE(all.contract);
  CHECK(all.contract->file_format == "hdf5");
  CHECK(contract_difference(*all.contract, kContract).starts_with("file_format"));
  const FeatureFileSummary one = summarize_hdf5(context);
  CHECK(one.utterances == 1);
  CHECK(one.frames == 4);
  CHECK(one.channels == kChannels);
  CHECK(one.period_seconds == doctest::Approx(0.01));
  CHECK(one.contract->layer == "c");
  for (const fs::path& path : {archive, context})
    require_refusals(
        path, [&] { summarize_hdf5(path); }, 97);
}

TEST_CASE("hdf5: damaged bytes give a summary or one line, never a crash of ours") {
  const TemporaryFolder folder;
  write_features(FeatureFormat::hdf5, folder.path());
  const fs::path path = folder.path() / "features.h5";
  const std::string good = read_file(path, 1 << 20);
  for (size_t at = 8; at < good.size(); at += 61) {
    std::string bad = good;
    for (size_t i = at; i < std::min(at + 3, bad.size()); ++i) bad[i] = static_cast<char>(0xFF);
    write_file(path, bad);
    try {
      summarize_hdf5(path);
    } catch (const DataError& error) {
      CHECK(std::string_view(error.what()).find('\n') == std::string_view::npos);
    }
  }
}

TEST_CASE("ark-text: counted as binary archives are, through the index too, damage is refused") {
  const TemporaryFolder folder;
  write_features(FeatureFormat::ark_text, folder.path());
  const fs::path path = folder.path() / "feats.ark";
  for (const ArkSummary& summary : {summarize_ark(path), summarize_scp(folder.path() / "feats.scp")}) {
    CHECK(summary.utterances == 2);
    CHECK(summary.frames == 6);
    CHECK(summary.channels == kChannels);
    CHECK(summary.kind == "text");
  }
  for (const std::string bad :
       {"a  [", "a  [\n 1 2\n 3 ]\n", "a  [\n 1 x ]\n", "a  [\n 1 2 ]", "a  1 2 3\n"}) {
    CAPTURE(bad);
    write_file(path, bad);
    CHECK_THROWS_AS(summarize_ark(path), FormatError);
  }
  write_file(path, "a  [\n  1 nan \n  -inf 4e-60 ]\nb [ 1 2 ]\n");
  CHECK(summarize_ark(path).frames == 3);
}

TEST_CASE("file_kind: the first bytes decide, not the name, a model that is none gets a message of its own") {
  const TemporaryFolder folder;
  write_features(FeatureFormat::npz, folder.path() / "npz");
  write_features(FeatureFormat::hdf5, folder.path() / "hdf5");
  const fs::path renamed = folder.path() / "model.pt";
  fs::copy_file(folder.path() / "npz/spk/a.npz", renamed);
  CHECK(file_kind(renamed) == FileKind::npz);
  CHECK_THROWS_WITH_AS(ModelFile::open(renamed),
                       doctest::Contains("a file of npz, not a model; give a .safetensors"), FormatError);
  fs::copy_file(folder.path() / "hdf5/features.h5", folder.path() / "x.csv");
  CHECK(file_kind(folder.path() / "x.csv") == FileKind::hdf5);
  write_file(folder.path() / "x.onnx", "");
  CHECK(file_kind(folder.path() / "x.onnx") == FileKind::onnx);
  CHECK_THROWS_WITH_AS(ModelFile::open(folder.path() / "x.onnx"), doctest::Contains("only written here"),
                       FormatError);
  CHECK_THROWS_AS(file_kind(folder.path()), DataError);
}
