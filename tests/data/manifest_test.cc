#include "wav2vec/data/manifest.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "support/audio_files.h"
#include "support/captured_stderr.h"
#include "support/temporary_folder.h"
#include "wav2vec/core/error.h"

using namespace wav2vec;
using namespace wav2vec::test;

namespace {

namespace fs = std::filesystem;

/// Reads the text as a manifest; a folder "audio" stands beside it.
struct Written {
  TemporaryFolder temporary;
  fs::path folder = temporary.path();
  fs::path path;

  explicit Written(const std::string& text, const std::string& name = "m.tsv") : path(folder / name) {
    fs::create_directory(folder / "audio");
    write_bytes(path, text);
  }
  Manifest read() const { return read_manifest(path); }
  std::string error() const {
    try {
      read();
    } catch (const DataError& error) {
      CHECK(std::string(error.what()).find('\n') == std::string::npos);
      return error.what();
    }
    return "no error";
  }
};

std::string error_of(const std::string& text, const std::string& name = "m.tsv") {
  return Written(text, name).error();
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Manifest sample_manifest(const fs::path& folder) {
  Manifest manifest;
  for (const char* name : {"a/with space.wav", "a/b/ünïcode.flac", "c.ogg"}) {
    Utterance u;
    u.audio = folder / name;
    u.id = name;
    u.samples = 16000 + static_cast<int64_t>(manifest.utterances.size());
    u.text = "text \"quoted\" \\ é";
    u.speaker = "s1";
    u.split = "train";
    manifest.utterances.push_back(u);
  }
  return manifest;
}

}  // namespace

TEST_CASE("fairseq's TSV: what is written is read back") {
  const TemporaryFolder temporary;
  const Manifest written = sample_manifest(temporary.path());
  fs::create_directories(temporary.path() / "a/b");
  const fs::path path = temporary.path() / "m.tsv";
  write_manifest(path, written, manifest_format_of(path));
  CHECK(read_bytes(path).starts_with(temporary.path().string() + "\na/with space.wav\t16000\n"));
  const Manifest read = read_manifest(path);
  REQUIRE(read.utterances.size() == 3);
  for (size_t i = 0; i < 3; ++i) {
    CHECK(read.utterances[i].audio == written.utterances[i].audio);
    CHECK(read.utterances[i].samples == written.utterances[i].samples);
    CHECK(read.utterances[i].id == written.utterances[i].id);
    CHECK(!read.utterances[i].is_segment());
  }
  CHECK(read.known_samples() == 48003);
  CHECK(read.hours() == doctest::Approx(48003.0 / 16000.0 / 3600.0));
}

TEST_CASE("JSONL: everything that is written is read back, segments too") {
  const TemporaryFolder temporary;
  Manifest written = sample_manifest(temporary.path());
  written.utterances[1].start_seconds = 1.25;
  written.utterances[1].duration_seconds = 0.1;
  written.utterances[2].start_seconds = 3.0;
  const fs::path path = temporary.path() / "m.jsonl";
  write_manifest(path, written, manifest_format_of(path));
  CHECK(read_manifest(path).utterances == written.utterances);
}

TEST_CASE("JSONL: duration without start is the length of a whole file") {
  const Manifest m = Written(R"({"audio": "a.wav", "duration": 2.5}
{"audio": "b.wav", "start": 0, "duration": 2.5, "text": null}
{"audio": "/abs/c.wav", "other": [1, 2]})",
                             "m.jsonl")
                         .read();
  CHECK(!m.utterances[0].is_segment());
  CHECK(m.utterances[0].samples == 40000);
  CHECK(m.utterances[1].is_segment());
  CHECK(m.utterances[1].duration_seconds == 2.5);
  CHECK(m.utterances[2].audio == "/abs/c.wav");
  CHECK(m.utterances[2].samples == -1);
}

TEST_CASE("a TSV with a header line is read by its columns, relative to its folder") {
  const Written written(
      "path\tseconds\tspeaker\tsplit\ttext\naudio/a.opus\t1.064\tanna\ttrain\tHello, there.\n"
      "audio/b.opus\t0.5\t\ttrain\t\n");
  const Manifest m = written.read();
  REQUIRE(m.utterances.size() == 2);
  CHECK(m.utterances[0].audio == written.folder / "audio/a.opus");
  CHECK(m.utterances[0].samples == 17024);
  CHECK(m.utterances[0].speaker == "anna");
  CHECK(m.utterances[0].text == "Hello, there.");
  CHECK(m.utterances[0].split == "train");
  CHECK(m.utterances[1].speaker.empty());

  const Manifest segments =
      Written("text\tpath\tduration\tstart\nx\ta.wav\t2\t1.5\ny\ta.wav\t2\t3.5\n").read();
  CHECK(segments.utterances[1].start_seconds == 3.5);
  CHECK(segments.utterances[1].samples == 32000);
  CHECK(segments.utterances[0].id != segments.utterances[1].id);
}

TEST_CASE("Windows line ends, a byte order mark, blank lines and a missing newline change nothing") {
  const std::string plain = "audio\na.wav\t10\nb c.wav\t20\n";
  const Written reference(plain);
  const Manifest expected = reference.read();
  CHECK(expected.utterances[1].audio == reference.folder / "audio/b c.wav");
  for (const std::string& text :
       {std::string("audio\r\na.wav\t10\r\nb c.wav\t20\r\n"), std::string("\xEF\xBB\xBF") + plain,
        std::string("audio\na.wav\t10\n\n  \nb c.wav\t20")}) {
    write_bytes(reference.path, text);
    CHECK(reference.read().utterances == expected.utterances);
  }
}

TEST_CASE("lines that repeat are left out with a warning that names the first") {
  const Written written("audio\na.wav\t10\nb.wav\t20\na.wav\t10\na.wav\t10\n");
  const CapturedStderr warnings;
  CHECK(written.read().utterances.size() == 2);
  CHECK(warnings.contains("2 repeated lines"));
  CHECK(warnings.contains("line 4"));
}

TEST_CASE("one audio under two ids is two utterances") {
  const Written written("path\tid\na.wav\tx\na.wav\ty\na.wav\tx\n");
  const CapturedStderr warnings;
  CHECK(written.read().utterances.size() == 2);
  CHECK(warnings.contains("1 repeated lines"));
}

TEST_CASE("bad manifests are refused with file and line") {
  CHECK(contains(error_of(""), "no utterances"));
  CHECK(contains(error_of("audio\n"), "no utterances"));
  CHECK(contains(error_of("path\tseconds\n"), "no utterances"));
  CHECK(
      contains(error_of("/no/such/root\na.wav\t1\n"), "m.tsv:1: the root folder /no/such/root is not found"));
  CHECK(contains(error_of("~\na.wav\t1\n"), "m.tsv:1:"));
  CHECK(contains(error_of("a.wav\t100\nb.wav\t100\n"), "m.tsv:1: not a known manifest"));
  for (const char* line : {"b.wav", "b.wav\t", "b.wav\tx", "b.wav\t-5", "b.wav\t1\t2", "\t5", "b.wav\t1e5",
                           "b.wav\t99999999999999999999"})
    CHECK_MESSAGE(contains(error_of("audio\na.wav\t1\n" + std::string(line) + "\n"), "m.tsv:3: expected"),
                  line);
  CHECK(contains(error_of(std::string("audio\na.w\0v\t1\n", 14)), "m.tsv:2: a NUL byte"));
  CHECK(contains(error_of("path\tseconds\na.wav\t1\tx\n"), "m.tsv:2: 3 fields"));
  CHECK(contains(error_of("path\tseconds\na.wav\tlong\n"), "m.tsv:2: \"long\""));
  CHECK(contains(error_of("path\tseconds\na.wav\tinf\n"), "m.tsv:2:"));
  CHECK(contains(error_of("path\tseconds\na.wav\t1e300\n"), "m.tsv:2:"));
  CHECK(contains(error_of("path\tseconds\n\t1\n"), "m.tsv:2: an empty path"));
  CHECK(contains(error_of("path\tid\na.wav\tx\nb.wav\tx\n"),
                 "m.tsv:3: the id \"x\" is already taken by line 2"));
  for (const char* line : {"{", "[]", "{\"audio\": 3}", "{\"duration\": 3}", "{\"audio\": \"\"}",
                           "{\"audio\":\"a\",\"start\":-1}", "{\"audio\":\"a\",\"start\":\"1\"}",
                           "{\"audio\":\"a\",\"duration\":0}", "{\"audio\":\"a\",\"start\":1e300}",
                           "{\"audio\":\"a\",\"samples\":1.5}", "{\"audio\":\"a\"} x"})
    CHECK_MESSAGE(
        contains(error_of("{\"audio\":\"first.wav\"}\n" + std::string(line), "m.jsonl"), "m.jsonl:2:"), line);
  CHECK(contains(error_of("{\"audio\":\"a\"}\n" + std::string(100000, '['), "m.jsonl"), "m.jsonl:2:"));
  CHECK_THROWS_AS(read_manifest("/no/such/manifest.tsv"), DataError);
}

TEST_CASE("what is no text or would take much memory is refused at once") {
  CHECK(error_of(R"({"audio": "a.wav\u0000.flac"})", "m.jsonl").find("NUL byte") != std::string::npos);
  CHECK(error_of(R"({"audio": "a.wav", "id": "x\u0000"})", "m.jsonl").find("NUL byte") != std::string::npos);
  CHECK(error_of("{\"audio\": " + std::string(2 << 20, '['), "m.jsonl").find("at most") != std::string::npos);
  const Written sparse("path\tid\n");
  fs::resize_file(sparse.path, uint64_t{3} << 30);  // holes are NUL bytes, and are not read
  CHECK(sparse.error().find(":2: a NUL byte") != std::string::npos);
  CHECK(error_of("path\n" + std::string(20 << 20, 'x')).find(":2: a line of more than 16 MiB") !=
        std::string::npos);
}

TEST_CASE("escape codes of a manifest do not reach the terminal") {
  const std::string message = error_of("audio\n\x1b]52;c;aGk=\x07\n");
  CHECK(contains(message, "\\x1b"));
  CHECK(!contains(message, "\x1b"));
}

TEST_CASE("another root can be given") {
  const Written written("/moved/away\na.wav\t10\n");
  const fs::path root = written.folder / "audio";
  CHECK(read_manifest(written.path, root).utterances[0].audio == root / "a.wav");
  CHECK_THROWS_AS(read_manifest(written.path, "/not/there/either"), DataError);
}

TEST_CASE("a Kaldi data folder with segments, speakers, text and durations") {
  const TemporaryFolder temporary;
  const fs::path folder = temporary.path();
  write_bytes(folder / "wav.scp", "rec1 /data/one file.wav\nrec2 local.wav\n");
  write_bytes(folder / "local.wav", "");
  write_bytes(folder / "utt2spk", "u1 anna\nu2 ben\nrec1 carl\n");
  write_bytes(folder / "text", "u1 hello  world \nu3\n");
  write_bytes(folder / "reco2dur", "rec1 12.5\n");

  const Manifest files = read_manifest(folder);
  REQUIRE(files.utterances.size() == 2);
  CHECK(files.utterances[0].id == "rec1");
  CHECK(files.utterances[0].audio == "/data/one file.wav");
  CHECK(files.utterances[0].samples == 200000);
  CHECK(files.utterances[0].speaker == "carl");
  CHECK(files.utterances[1].audio == folder / "local.wav");
  CHECK(files.utterances[1].samples == -1);

  write_bytes(folder / "segments", "u1 rec1 0.5 2.25\nu2 rec2 10 -1\n");
  const Manifest segments = read_manifest(folder);
  REQUIRE(segments.utterances.size() == 2);
  CHECK(segments.utterances[0].start_seconds == 0.5);
  CHECK(segments.utterances[0].duration_seconds == 1.75);
  CHECK(segments.utterances[0].samples == 28000);
  CHECK(segments.utterances[0].text == "hello  world");
  CHECK(segments.utterances[1].speaker == "ben");
  CHECK(segments.utterances[1].duration_seconds == -1.0);

  const auto error_with = [&](const char* file, const std::string& text) {
    const std::string before = read_bytes(folder / file);
    write_bytes(folder / file, text);
    std::string message;
    try {
      read_manifest(folder);
    } catch (const DataError& error) {
      message = error.what();
    }
    write_bytes(folder / file, before);
    return message;
  };
  CHECK(contains(error_with("wav.scp", "rec1 touch PWNED |\n"), "wav.scp:1: a command"));
  CHECK(contains(error_with("wav.scp", "rec1\n"), "wav.scp:1:"));
  CHECK(contains(error_with("segments", "u1 rec9 0 1\n"), "segments:1: the recording \"rec9\""));
  CHECK(contains(error_with("segments", "u1 rec1 2 1\n"), "segments:1: a segment from 2"));
  CHECK(contains(error_with("segments", "u1 rec1 x 1\n"), "segments:1: expected"));
  CHECK(contains(error_with("segments", "u1 rec1 0 1\nu1 rec1 2 3\n"), "segments:2: the id \"u1\""));
  fs::remove(folder / "wav.scp");
  CHECK_THROWS_WITH_AS(read_manifest(folder), doctest::Contains("without wav.scp"), DataError);
}

TEST_CASE("what fairseq's TSV cannot say is refused and leaves no file") {
  const TemporaryFolder temporary;
  const fs::path path = temporary.path() / "m.tsv";
  const auto refuse = [&](auto&& change) {
    Manifest manifest = sample_manifest(temporary.path());
    change(manifest.utterances[1]);
    CHECK_THROWS_WITH_AS(write_manifest_tsv(path, manifest), doctest::Contains("JSONL"), DataError);
    CHECK(!fs::exists(path));
  };
  refuse([](Utterance& u) { u.start_seconds = 1.0; });
  refuse([](Utterance& u) { u.samples = -1; });
  refuse([](Utterance& u) { u.audio = "/x/a\tb.wav"; });

  Manifest latin1 = sample_manifest(temporary.path());
  latin1.utterances[0].audio = "/x/\xE9.wav";
  CHECK_THROWS_AS(write_manifest_jsonl(temporary.path() / "m.jsonl", latin1), DataError);
  CHECK(fs::is_empty(temporary.path()));
  write_manifest_tsv(path, latin1);  // bytes stay bytes
  CHECK(contains(read_bytes(path), "\xE9.wav"));
}

TEST_CASE("several manifests are read one after the other") {
  const Written a("audio\na.wav\t10\n");
  const Written b("audio\na.wav\t20\n");
  const std::vector<std::string> paths = {a.path.string(), b.path.string()};
  const Manifest both = read_manifests(paths);
  REQUIRE(both.utterances.size() == 2);
  CHECK(both.utterances[1].audio == b.folder / "audio/a.wav");
}
