#include "wav2vec/audio/audio_reader.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <limits>

#include "support/audio_files.h"
#include "support/temporary_folder.h"

using namespace wav2vec;
using namespace wav2vec::test;

namespace {

double rms_difference(std::span<const float> a, std::span<const float> b) {
  double sum = 0.0;
  const size_t n = std::min(a.size(), b.size());
  for (size_t i = 0; i < n; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum / static_cast<double>(std::max<size_t>(n, 1)));
}

AudioFault fault_of(const std::filesystem::path& path, const AudioOptions& options = {}) {
  try {
    read_audio(path, options);
  } catch (const AudioError& error) {
    const std::string message = error.what();
    CHECK_MESSAGE(message.find(path.filename().string()) != std::string::npos, message);
    CHECK_MESSAGE(message.find('\n') == std::string::npos, message);
    return error.fault();
  }
  FAIL("no error for ", path.string());
  return AudioFault::unreadable;
}

std::vector<float> interleave(const std::vector<float>& left, const std::vector<float>& right) {
  std::vector<float> both;
  for (size_t i = 0; i < left.size(); ++i) both.insert(both.end(), {left[i], right[i]});
  return both;
}

bool has_ffmpeg() { return std::system("ffmpeg -version >/dev/null 2>&1") == 0; }

}  // namespace

TEST_CASE("every container and sample format of libsndfile is read back") {
  const TemporaryFolder temporary;
  const std::filesystem::path& folder = temporary.path();
  const std::vector<float> x = tone(16000, 440.0, 16000.0);
  struct Format {
    const char* name;
    int format;
    double tolerance;
  };
  const Format formats[] = {{"pcm16.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 2e-5},
                            {"pcm8.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_U8, 5e-3},
                            {"pcm24.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_24, 1e-7},
                            {"pcm32.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_32, 1e-7},
                            {"float.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 0.0},
                            {"double.wav", SF_FORMAT_WAV | SF_FORMAT_DOUBLE, 0.0},
                            {"ulaw.wav", SF_FORMAT_WAV | SF_FORMAT_ULAW, 1e-2},
                            {"wavex.wav", SF_FORMAT_WAVEX | SF_FORMAT_PCM_16, 2e-5},
                            {"a.w64", SF_FORMAT_W64 | SF_FORMAT_PCM_16, 2e-5},
                            {"a.rf64", SF_FORMAT_RF64 | SF_FORMAT_PCM_16, 2e-5},
                            {"a.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16, 2e-5},
                            {"a.aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16, 2e-5},
                            {"a.sph", SF_FORMAT_NIST | SF_FORMAT_PCM_16, 2e-5},
                            {"vorbis.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS, 2e-2},
                            {"opus.ogg", SF_FORMAT_OGG | SF_FORMAT_OPUS, 4e-2}};
  for (const Format& format : formats) {
    CAPTURE(format.name);
    const auto path = folder / format.name;
    write_audio(path, x, 16000, format.format);
    const AudioInfo info = probe_audio(path);
    CHECK(info.frames == 16000);
    CHECK(info.claimed_frames == 16000);
    CHECK(!info.missing_end);
    const Waveform wave = read_audio(path);
    CHECK(wave.samples.size() == 16000);
    CHECK(wave.missing_frames == 0);
    CHECK(wave.surplus_frames == 0);
    CHECK(rms_difference(wave.samples, x) <= format.tolerance);
  }
}

TEST_CASE("a part equals the same part of the whole, also when it is resampled") {
  const TemporaryFolder temporary;
  const std::filesystem::path& folder = temporary.path();
  for (const auto& [name, rate, format] : {std::tuple{"a.wav", 16000, SF_FORMAT_WAV | SF_FORMAT_PCM_16},
                                           {"a.flac", 16000, SF_FORMAT_FLAC | SF_FORMAT_PCM_16},
                                           {"opus.ogg", 16000, SF_FORMAT_OGG | SF_FORMAT_OPUS},
                                           {"b.wav", 44100, SF_FORMAT_WAV | SF_FORMAT_PCM_16},
                                           {"c.wav", 8000, SF_FORMAT_WAV | SF_FORMAT_PCM_16},
                                           {"d.wav", 11025, SF_FORMAT_WAV | SF_FORMAT_PCM_16}}) {
    CAPTURE(name);
    const auto path = folder / name;
    write_audio(path, noise(2 * rate, 3), rate, format);
    const std::vector<float> whole = read_audio(path).samples;
    REQUIRE(whole.size() == 32000);
    for (const int64_t start : {0, 1, 4801, 15999, 31000}) {
      const Waveform part = read_audio(path, {}, static_cast<double>(start) / 16000.0, 0.25);
      const int64_t expected = std::min<int64_t>(4000, 32000 - start);
      REQUIRE(std::ssize(part.samples) == expected);
      const std::span<const float> same(whole.data() + start, static_cast<size_t>(expected));
      CHECK(rms_difference(part.samples, same) < 1e-5);
    }
  }
}

TEST_CASE("other rates are resampled to the length and pitch they should have, or refused") {
  const TemporaryFolder temporary;
  const std::filesystem::path& folder = temporary.path();
  for (const int rate : {8000, 22050, 44100, 48000}) {
    CAPTURE(rate);
    const auto path = folder / (std::to_string(rate) + ".wav");
    write_audio(path, tone(rate, 1000.0, rate), rate, SF_FORMAT_WAV | SF_FORMAT_FLOAT);
    const Waveform wave = read_audio(path);
    CHECK(wave.source_rate_hz == rate);
    REQUIRE(wave.samples.size() == 16000);
    const std::vector<float> expected = tone(16000, 1000.0, 16000.0);
    const std::span<const float> inner(wave.samples.data() + 800, 14400);
    CHECK(rms_difference(inner, std::span(expected).subspan(800, 14400)) < 1e-4);
    CHECK(fault_of(path, {.strict_rate = true}) == AudioFault::wrong_rate);
  }
}

TEST_CASE("channels become one by the policy") {
  const TemporaryFolder temporary;
  const std::filesystem::path& folder = temporary.path();
  const auto path = folder / "stereo.wav";
  const std::vector<float> left = noise(8000, 1);
  const std::vector<float> right = noise(8000, 2);
  write_audio(path, interleave(left, right), 16000, SF_FORMAT_WAV | SF_FORMAT_FLOAT, 2);
  std::vector<float> mean(8000);
  for (size_t i = 0; i < mean.size(); ++i) mean[i] = (left[i] + right[i]) / 2.0F;
  CHECK(rms_difference(read_audio(path).samples, mean) == 0.0);
  CHECK(read_audio(path, {.channels = ChannelPolicy::left}).samples == left);
  CHECK(read_audio(path, {.channels = ChannelPolicy::right}).samples == right);
  CHECK(read_audio(path).mix_loss_db == doctest::Approx(3.0).epsilon(0.1));

  std::vector<float> surround(6 * 8000, 0.0F);
  for (size_t i = 0; i < 8000; ++i) surround[6 * i + 2] = 0.6F;
  write_audio(folder / "surround.wav", surround, 16000, SF_FORMAT_WAVEX | SF_FORMAT_PCM_24, 6);
  CHECK(read_audio(folder / "surround.wav").samples[4000] == doctest::Approx(0.1));
  // Where speech is in films; a centre without any is passed by.
  CHECK(read_audio(folder / "surround.wav", {.channels = ChannelPolicy::voice}).samples[4000] ==
        doctest::Approx(0.6));
  for (size_t i = 0; i < 8000; ++i) {
    surround[6 * i + 2] = 0.0F;
    surround[6 * i] = surround[6 * i + 1] = 0.3F;
  }
  write_audio(folder / "surround.wav", surround, 16000, SF_FORMAT_WAVEX | SF_FORMAT_PCM_24, 6);
  CHECK(read_audio(folder / "surround.wav", {.channels = ChannelPolicy::voice}).samples[4000] ==
        doctest::Approx(0.1));

  // A channel with its phase turned, and one that is silent.
  std::vector<float> turned(left);
  for (float& x : turned) x = -0.9F * x;
  write_audio(path, interleave(left, turned), 16000, SF_FORMAT_WAV | SF_FORMAT_FLOAT, 2);
  CHECK(read_audio(path, {.channels = ChannelPolicy::voice}).samples == left);
  write_audio(path, interleave(std::vector<float>(8000, 0.0F), right), 16000, SF_FORMAT_WAV | SF_FORMAT_FLOAT,
              2);
  CHECK(read_audio(path, {.channels = ChannelPolicy::voice}).samples[4000] ==
        doctest::Approx(right[4000] / 2.0F));
}

TEST_CASE("a WAV cut at every byte of its header is an error, afterwards what is there is read") {
  const TemporaryFolder temporary;
  const std::filesystem::path& folder = temporary.path();
  write_audio(folder / "whole.wav", noise(1000, 5));
  const std::string bytes = read_bytes(folder / "whole.wav");
  const auto path = folder / "cut.wav";
  for (size_t length = 0; length <= 45; ++length) {
    CAPTURE(length);
    write_bytes(path, bytes.substr(0, length));
    fault_of(path);
  }
  for (const size_t frames : {1, 2, 333, 999}) {
    write_bytes(path, bytes.substr(0, 44 + 2 * frames));
    const Waveform wave = read_audio(path, {.announce = false});
    CHECK(wave.samples.size() == frames);
    CHECK(wave.missing_frames == static_cast<int64_t>(1000 - frames));
  }
}

TEST_CASE("cut FLAC, AIFF, W64, SPHERE and Ogg files say that something is missing") {
  const TemporaryFolder temporary;
  const std::filesystem::path& folder = temporary.path();
  const std::vector<float> x = noise(32000, 8);
  for (const auto& [name, format] : {std::pair{"a.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16},
                                     {"a.aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16},
                                     {"a.w64", SF_FORMAT_W64 | SF_FORMAT_PCM_16},
                                     {"a.sph", SF_FORMAT_NIST | SF_FORMAT_PCM_16},
                                     {"opus.ogg", SF_FORMAT_OGG | SF_FORMAT_OPUS}}) {
    CAPTURE(name);
    write_audio(folder / name, x, 16000, format);
    const std::string bytes = read_bytes(folder / name);
    write_bytes(folder / name, bytes.substr(0, bytes.size() * 3 / 5));
    try {
      const Waveform wave = read_audio(folder / name, {.announce = false});
      CHECK((wave.missing_frames > 0 || wave.missing_end));
      CHECK(wave.samples.size() < 32000);
    } catch (const AudioError& error) {
      CHECK(std::string(name) == "opus.ogg");  // one page may hold it all
    }
  }
}

TEST_CASE("sizes that a pipe leaves in the header are not believed") {
  const TemporaryFolder temporary;
  const std::filesystem::path& folder = temporary.path();
  write_audio(folder / "a.wav", noise(500, 6));
  const std::string bytes = read_bytes(folder / "a.wav");
  for (const std::string& size : {std::string("\xFF\xFF\xFF\xFF"), std::string("\x00\xF0\xFF\x7F", 4)}) {
    std::string piped = bytes;
    piped.replace(4, 4, size);
    piped.replace(40, 4, size);
    write_bytes(folder / "piped.wav", piped);
    const Waveform wave = read_audio(folder / "piped.wav");
    CHECK(wave.samples.size() == 500);
    CHECK(wave.missing_frames == 0);
    CHECK(probe_audio(folder / "piped.wav").claimed_frames == -1);
  }
}

TEST_CASE("what is not usable audio is one line that names the file") {
  const TemporaryFolder temporary;
  const std::filesystem::path& folder = temporary.path();
  write_bytes(folder / "empty.wav", "");
  CHECK(fault_of(folder / "empty.wav") == AudioFault::empty);
  write_audio(folder / "zero.wav", {});
  CHECK(fault_of(folder / "zero.wav") == AudioFault::empty);
  write_bytes(folder / "text.wav", "#EXTM3U\nfile:///etc/passwd\n");
  CHECK(fault_of(folder / "text.wav") == AudioFault::unreadable);
  write_bytes(folder / "noise.bin", std::string("\x01\x02\x03\x04\x05", 5));
  CHECK(fault_of(folder / "noise.bin") == AudioFault::unreadable);
  CHECK(fault_of(folder / "missing.wav") == AudioFault::unreadable);
  std::filesystem::create_directory(folder / "folder.wav");
  CHECK(fault_of(folder / "folder.wav") == AudioFault::unreadable);
  REQUIRE(::mkfifo((folder / "fifo.wav").c_str(), 0600) == 0);
  CHECK(fault_of(folder / "fifo.wav") == AudioFault::unreadable);
  write_audio(folder / "slow.wav", noise(100, 1), 500);
  CHECK(fault_of(folder / "slow.wav") == AudioFault::unreadable);
  write_audio(folder / "many.wav", noise(65 * 10, 1), 16000, SF_FORMAT_WAVEX | SF_FORMAT_PCM_16, 65);
  CHECK(fault_of(folder / "many.wav") == AudioFault::unreadable);
}

TEST_CASE("playlists are refused under every media name, and no file they name is touched") {
  const TemporaryFolder temporary;
  const std::filesystem::path& folder = temporary.path();
  for (const char* name : {"a.mp3", "a.m4a", "a.mkv", "a.g722", "a.aac"}) {
    write_bytes(folder / name, "ffconcat version 1.0\nfile ../secret.wav\n");
    CHECK(fault_of(folder / name) == AudioFault::unreadable);
  }
}

TEST_CASE("samples that are not finite or absurd are refused with place and count") {
  const TemporaryFolder temporary;
  const std::filesystem::path& folder = temporary.path();
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity(), 1e29F}) {
    std::vector<float> x = noise(70000, 4);
    x[66000] = bad;
    x[69999] = bad;
    write_audio(folder / "bad.wav", x, 16000, SF_FORMAT_WAV | SF_FORMAT_FLOAT);
    CHECK(fault_of(folder / "bad.wav") == AudioFault::non_finite);
    CHECK_THROWS_WITH_AS(read_audio(folder / "bad.wav"), doctest::Contains("2 samples"), AudioError);
    CHECK_THROWS_WITH_AS(read_audio(folder / "bad.wav"), doctest::Contains("66000"), AudioError);
    CHECK(read_audio(folder / "bad.wav", {}, 0.0, 1.0).samples.size() == 16000);
  }
}

TEST_CASE("a part behind the end is an error, impossible times too") {
  const TemporaryFolder temporary;
  const std::filesystem::path& folder = temporary.path();
  write_audio(folder / "a.wav", noise(1600, 4));
  CHECK_THROWS_AS(read_audio(folder / "a.wav", {}, 1.0, 1.0), AudioError);
  CHECK_THROWS_AS(read_audio(folder / "a.wav", {}, -1.0), AudioError);
  CHECK_THROWS_AS(read_audio(folder / "a.wav", {}, 1e300), AudioError);
  CHECK_THROWS_AS(read_audio(folder / "a.wav", {}, std::numeric_limits<double>::quiet_NaN()), AudioError);
}

TEST_CASE("a header of 4 GB on a small file costs no memory and reads what is there") {
  const TemporaryFolder temporary;
  const std::filesystem::path& folder = temporary.path();
  write_audio(folder / "a.wav", noise(8, 6));
  std::string bytes = read_bytes(folder / "a.wav");
  bytes.replace(40, 4, "\xF0\xFF\xFF\xFF");
  write_bytes(folder / "a.wav", bytes);
  CHECK(read_audio(folder / "a.wav", {.announce = false}).samples.size() == 8);
}

TEST_CASE("ffmpeg decodes the rest, whatever the file is called") {
  if (!has_ffmpeg()) return;
  const TemporaryFolder temporary;
  const std::filesystem::path& folder = temporary.path();
  const std::vector<float> x = tone(16000, 440.0, 16000.0);
  write_audio(folder / "x.wav", x);
  const std::string name = "-i pipe:0 'a'%03d;.m4a";
  const std::string in_folder = "cd '" + folder.string() + "' && ffmpeg -v error -i x.wav ";
  REQUIRE(std::system((in_folder + "out.m4a && mv out.m4a './-i pipe:0 '\\''a'\\''%03d;.m4a'").c_str()) == 0);
  const Waveform wave = read_audio(folder / name);
  CHECK(probe_audio(folder / name).via_ffmpeg);
  CHECK(std::abs(std::ssize(wave.samples) - 16000) < 2100);  // AAC pads
  const Waveform part = read_audio(folder / name, {}, 0.25, 0.25);
  CHECK(rms_difference(part.samples, std::span(wave.samples).subspan(4000, 4000)) == 0.0);

  REQUIRE(std::system((in_folder + "-f g722 x.g722").c_str()) == 0);
  CHECK(read_audio(folder / "x.g722").samples.size() == 16000);

  const std::string bytes = read_bytes(folder / name);
  write_bytes(folder / "cut.m4a", bytes.substr(0, 20));
  CHECK(fault_of(folder / "cut.m4a") == AudioFault::unreadable);
}

TEST_CASE("reading many files leaves no descriptor open") {
  const TemporaryFolder temporary;
  const std::filesystem::path& folder = temporary.path();
  write_audio(folder / "a.wav", noise(100, 1));
  write_bytes(folder / "bad.wav", read_bytes(folder / "a.wav").substr(0, 30));
  const auto open_now = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                         std::filesystem::directory_iterator());
  };
  const auto before = open_now();
  for (int i = 0; i < 5; ++i) {
    read_audio(folder / "a.wav");
    CHECK_THROWS_AS(read_audio(folder / "bad.wav"), AudioError);
    CHECK_THROWS_AS(read_audio(folder / "none.wav"), AudioError);
  }
  CHECK(open_now() == before);
}

TEST_CASE("decoded piece by piece the samples and facts are those of the whole, and no piece is long") {
  const TemporaryFolder temporary;
  for (const int rate : {16000, 44100}) {
    CAPTURE(rate);
    const auto path = temporary.path() / (std::to_string(rate) + ".wav");
    write_audio(path, noise(int64_t{60} * rate, 4), rate, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 2);
    for (const auto& [start, duration] : {std::pair{0.0, -1.0}, {3.3, 20.0}}) {
      const Waveform whole = read_audio(path, {}, start, duration);
      std::vector<float> samples;
      size_t longest = 0;
      const Waveform facts = decode_audio(path, {}, start, duration, [&](std::span<const float> piece) {
        longest = std::max(longest, piece.size());
        samples.insert(samples.end(), piece.begin(), piece.end());
      });
      CHECK(samples == whole.samples);
      CHECK(samples.size() > 2 * longest);
      CHECK(facts.samples.empty());
      CHECK(facts.source_frames == whole.source_frames);
      CHECK(facts.source_channels == 2);
      CHECK(facts.mix_loss_db == whole.mix_loss_db);
    }
  }
}

TEST_CASE("nothing from the piece with the first bad sample on reaches the sink") {
  const TemporaryFolder temporary;
  std::vector<float> x = noise(200000, 6);
  x[150000] = std::numeric_limits<float>::quiet_NaN();
  x[199999] = 1e9F;
  write_audio(temporary.path() / "bad.wav", x, 16000, SF_FORMAT_WAV | SF_FORMAT_FLOAT);
  std::vector<float> got;
  const SampleSink sink = [&](std::span<const float> piece) {
    got.insert(got.end(), piece.begin(), piece.end());
  };
  CHECK_THROWS_WITH_AS(decode_audio(temporary.path() / "bad.wav", {}, 0.0, -1.0, sink),
                       doctest::Contains("2 samples are NaN, infinite or beyond 1e6, the first at 150000"),
                       AudioError);
  CHECK(got.size() > 0);
  CHECK(got.size() < 150000);
  CHECK(std::equal(got.begin(), got.end(), x.begin()));
}
