// wav2vec check: folders, shards, exit codes as they are asked for, and what it refuses.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "support/command.h"
#include "support/speech_like.h"
#include "support/temporary_folder.h"
#include "wav2vec/audio/audio_writer.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/file.h"
#include "wav2vec/synthesis/voice.h"

using namespace wav2vec;
namespace fs = std::filesystem;

namespace {

const std::string kModel = " --model " W2V_SOURCE_DIR "/models/default.safetensors";
constexpr const char* kCues =
    "1\n00:00:01,000 --> 00:00:02,500\nHello, who is there?\n\n2\n00:00:03,000 --> 00:00:05,000\nNobody but "
    "me.\n\n3\n00:00:05,500 --> 00:00:07,000\nThat is a pity.\n\n4\n00:00:07,500 --> 00:00:09,000\nWe wanted "
    "to talk.\n\n";

struct Ran {
  int code = 0;
  std::string out;
};

/// `line`: arguments without blanks in them.
Ran run_program(const std::string& line) {
  std::vector<std::string> words;
  std::istringstream stream(line);
  for (std::string word; stream >> word;) words.push_back(word);
  const test::CommandResult result = test::run_wav2vec(words);
  return {result.exit_code, result.standard_output};
}

/// Two films of sounds that are no words, with a subtitle each, and a subtitle of no film.
void make_folder(const fs::path& folder) {
  fs::create_directories(folder / "b");
  write_audio(folder / "one.wav", test::glide(1, 160000), 16000);
  write_audio(folder / "b" / "two.flac", test::glide(2, 160000), 16000);
  write_file(folder / "one.en.srt", kCues);
  write_file(folder / "b" / "two.srt", kCues);
  write_file(folder / "three.srt", kCues);
}

/// English speech; false in a build without a voice.
bool write_spoken_film(const fs::path& path) {
  try {
    const Voice voice = open_voice("flite:kal16");
    std::vector<float> samples;
    for (const char* text : {"The captain had been waiting for the telegram since early morning.",
                             "Nobody on the island remembered when the lighthouse was last painted.",
                             "She put the letters back into the drawer and locked it twice.",
                             "There are seven roads to the harbour, and all of them are steep.",
                             "My brother bought a boat, though he never learned how to swim.",
                             "When the music stopped, everybody looked towards the window.",
                             "He counted the steps again and wrote the number on the wall.",
                             "The garden behind the house belongs to an old English painter.",
                             "You should have told me about the bridge before we left.",
                             "At night the wind brings the smell of burning wood from the hills."}) {
      const VoicedText said = voice(text, {.tempo = 0.9});
      REQUIRE(said.sample_rate_hz == 16000);
      samples.insert(samples.end(), said.samples.begin(), said.samples.end());
    }
    write_audio(path, samples, 16000);
    return true;
  } catch (const ConfigError&) {
    return false;
  }
}

}  // namespace

TEST_CASE("check: a folder's subtitles, each against the recording beside it, in shards and once") {
  const TemporaryFolder temporary;
  const fs::path films = temporary.path() / "films";
  make_folder(films);
  const std::string call =
      "check " + films.string() + kModel + " --reports " + (temporary.path() / "reports").string();
  const auto first = run_program(call + " --shard 1/2");
  const auto second = run_program(call + " --shard 2/2");
  CHECK(first.out.find("two.srt: ") != std::string::npos);
  CHECK(second.out.find("one.en.srt: ") != std::string::npos);
  CHECK(first.out.find("three.srt") == std::string::npos);
  const fs::path report = temporary.path() / "reports" / "one.en.srt.json";
  REQUIRE(fs::exists(report));
  CHECK(fs::exists(temporary.path() / "reports" / "b" / "two.srt.html"));
  // What is there is summed up and not made again.
  const auto written = fs::last_write_time(report);
  const auto both = run_program(call + " --jobs 2");
  CHECK(both.out == first.out + second.out);
  CHECK(fs::last_write_time(report) == written);
  // A newer subtitle is checked anew.
  write_file(films / "one.en.srt", std::string(kCues) + "5\n00:00:09,200 --> 00:00:09,800\nYes.\n\n");
  CHECK(run_program(call).out.find("5 cues") != std::string::npos);
}

TEST_CASE("check: one bad pair is said and does not stop the others") {
  const TemporaryFolder temporary;
  make_folder(temporary.path());
  write_file(temporary.path() / "b" / "two.flac", "no audio at all, and long enough to be read");
  const auto result = run_program("check " + temporary.path().string() + kModel);
  CHECK(result.code == 3);
  CHECK(result.out.find("two.srt: failed: ") != std::string::npos);
  CHECK(result.out.find("one.en.srt: ") != std::string::npos);
}

TEST_CASE("check: the exit code is what the caller asks for") {
  const TemporaryFolder temporary;
  make_folder(temporary.path());
  const std::string call = "check " + (temporary.path() / "one.wav").string() + " " +
                           (temporary.path() / "one.en.srt").string() + kModel;
  const int code = run_program(call + " --json " + (temporary.path() / "r.json").string()).code;
  const auto report = nlohmann::json::parse(read_file(temporary.path() / "r.json", 1 << 20));
  const std::string state = report["verdict"]["state"];
  REQUIRE((state == "unsure" || state == "wrong_content"));
  CHECK(code == (state == "unsure" ? 7 : 1));
  CHECK(run_program(call + " --fail-on drift --pass-unsure").code == 0);
  CHECK(run_program(call + " --fail-on " + state).code == 1);
  CHECK(run_program(call + " --fail-on everything").code == 2);
}

TEST_CASE("check: texts that are not heard are of another language where both are known") {
  const TemporaryFolder temporary;
  if (!write_spoken_film(temporary.path() / "film.wav")) {
    MESSAGE("SKIPPED, nothing was checked: no flite");
    return;
  }
  std::string cues;
  const std::string lines[] = {"Právě jsem chtěl odejít, když zazvonil telefon.",
                               "Kdo to byl? Nikdo se neozval, jen tam někdo dýchal.",
                               "To jsi mi měl říct dřív, než jsme šli na policii.",
                               "Teď už je pozdě, všechno jsem jim řekl."};
  for (int i = 0; i < 20; ++i)
    cues += fmt::format("{}\n00:00:{:02},000 --> 00:00:{:02},000\n{} {}\n\n", i + 1, 2 * i, 2 * i + 2,
                        lines[i % 4], lines[(i / 4 + 1) % 4]);
  write_file(temporary.path() / "film.srt", cues);
  const std::string call = "check " + (temporary.path() / "film.wav").string() + " " +
                           (temporary.path() / "film.srt").string() + kModel;
  CHECK(run_program(call).out.find("wrong_content") != std::string::npos);
  const Ran other = run_program(call + " --audio-language eng");
  CHECK(other.code == 1);
  CHECK(other.out.find("wrong_language cs, not eng") != std::string::npos);
  CHECK(run_program(call + " --audio-language cze").out.find("wrong_content") != std::string::npos);
  CHECK(run_program(call + " --audio-language eng --fail-on offset").code == 0);
}

TEST_CASE("check: nothing is said of texts where nobody speaks") {
  const TemporaryFolder temporary;
  make_folder(temporary.path());
  write_audio(temporary.path() / "silence.wav", std::vector<float>(160000, 0.0F), 16000);
  const Ran ran = run_program("check " + (temporary.path() / "silence.wav").string() + " " +
                              (temporary.path() / "one.en.srt").string() + kModel);
  CHECK(ran.code == 7);
  CHECK(ran.out.find("unsure") != std::string::npos);
}

TEST_CASE("check: a report is the same on one thread and on two") {
  const TemporaryFolder temporary;
  make_folder(temporary.path());
  const std::string call = "check " + (temporary.path() / "one.wav").string() + " " +
                           (temporary.path() / "one.en.srt").string() + kModel + " --json ";
  const auto report = [&](int threads) {
    const std::string out = (temporary.path() / std::to_string(threads)).string();
    run_program("--threads " + std::to_string(threads) + " " + call + out);
    return read_file(out, 1 << 20);
  };
  CHECK(report(1) == report(2));
}

TEST_CASE("check: what cannot be meant is refused") {
  const TemporaryFolder temporary;
  make_folder(temporary.path());
  const std::string folder = temporary.path().string();
  const std::string film = (temporary.path() / "one.wav").string();
  const std::string subtitle = (temporary.path() / "one.en.srt").string();
  for (const std::string shard : {"0/2", "3/2", "1", "1/", "/2", "1/2/3", "a/b"})
    CHECK(run_program("check " + folder + kModel + " --shard " + shard).code == 2);
  CHECK(run_program("check " + folder + kModel + " --json x.json").code == 2);
  CHECK(run_program("check " + film + " " + subtitle + kModel + " --reports r").code == 2);
  CHECK(run_program("check " + film + " " + subtitle + kModel + " --audio-track 2").code == 2);
  for (const std::string option : {"--max-offset nan", "--audio-language English", "--language xx",
                                   "--json r --csv r", "--json r --html ./r", "--json - --csv -"})
    CHECK(run_program("check " + film + " " + subtitle + kModel + " " + option).code == 2);
  CHECK(run_program("check " + film + " " + subtitle + " " + subtitle + kModel + " --json -").code == 2);
  CHECK(run_program("retime " + film + " " + subtitle + kModel + " -o -").code == 2);
  CHECK(run_program("check " + film + kModel).code == 3);  // has no subtitle inside
  fs::create_directories(temporary.path() / "empty");
  CHECK(run_program("check " + folder + "/empty" + kModel).code == 3);
}
