#include "wav2vec/data/manifest_builder.h"

#include <doctest/doctest.h>

#include "support/audio_files.h"
#include "support/temporary_folder.h"

using namespace wav2vec;
using namespace wav2vec::test;
namespace fs = std::filesystem;

TEST_CASE("folders are searched in a fixed order, links in circles too, and bad files are told") {
  const TemporaryFolder temporary;
  const fs::path root = temporary.path();
  fs::create_directories(root / "anna/one");
  fs::create_directories(root / "ben");
  fs::create_directories(root / ".hidden");
  write_audio(root / "anna/one/7-1.wav", noise(16000, 1));
  write_audio(root / "anna/b.FLAC", noise(8000, 2), 8000, SF_FORMAT_FLAC | SF_FORMAT_PCM_16);
  write_audio(root / "ben/x y.ogg", noise(48000, 3), 48000, SF_FORMAT_OGG | SF_FORMAT_VORBIS);
  write_audio(root / ".hidden/no.wav", noise(100, 4));
  write_bytes(root / "ben/broken.wav", "RIFFxxxxWAVE");
  write_bytes(root / "ben/readme.txt", "hello");
  fs::create_directory_symlink(root, root / "ben/loop");

  const std::vector<fs::path> inputs = {root};
  const FoundFiles found = find_audio_files(inputs);
  CHECK(found.ignored == 1);
  const std::vector<fs::path> expected = {root / "anna/b.FLAC", root / "anna/one/7-1.wav",
                                          root / "ben/broken.wav", root / "ben/x y.ogg"};
  CHECK(found.audio == expected);

  for (const int64_t jobs : {1, 3}) {
    const BuiltManifest built = build_manifest(found.audio, SpeakerRule::parent, {}, jobs);
    REQUIRE(built.manifest.utterances.size() == 3);
    for (const Utterance& u : built.manifest.utterances) CHECK(u.samples == 16000);  // one second at 16 kHz
    CHECK(built.manifest.utterances[1].speaker == "one");
    CHECK(built.manifest.utterances[2].speaker == "ben");
    REQUIRE(built.failures.size() == 1);
    CHECK(built.failures[0].index == 2);
    CHECK(built.failures[0].message.find("broken.wav") != std::string::npos);
  }
  const BuiltManifest by_prefix = build_manifest(found.audio, SpeakerRule::prefix, {}, 1);
  CHECK(by_prefix.manifest.utterances[1].speaker == "7");
  CHECK(by_prefix.manifest.utterances[0].speaker.empty());
}

TEST_CASE("lengths are measured for parts as well, and parts behind the end fail") {
  const TemporaryFolder temporary;
  write_audio(temporary.path() / "a.wav", noise(16000, 1));
  Manifest manifest;
  for (const auto& [start, duration] :
       {std::pair{0.0, -1.0}, {0.5, -1.0}, {0.5, 0.25}, {0.75, 2.0}, {1.0, 1.0}}) {
    Utterance u;
    u.audio = temporary.path() / "a.wav";
    u.start_seconds = start;
    u.duration_seconds = duration;
    u.samples = 123;
    manifest.utterances.push_back(u);
  }
  const BuiltManifest measured = measure_manifest(manifest, {}, 1);
  REQUIRE(measured.manifest.utterances.size() == 4);
  CHECK(measured.manifest.utterances[0].samples == 16000);
  CHECK(measured.manifest.utterances[1].samples == 8000);
  CHECK(measured.manifest.utterances[2].samples == 4000);
  CHECK(measured.manifest.utterances[3].samples == 4000);
  REQUIRE(measured.failures.size() == 1);
  CHECK(measured.failures[0].index == 4);
}
