#include "data/audio_cache.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <csignal>
#include <cstring>
#include <set>
#include <thread>

#include "support/audio_files.h"
#include "support/captured_stderr.h"
#include "support/temporary_folder.h"

using namespace wav2vec;
using namespace wav2vec::test;

namespace {

namespace fs = std::filesystem;

constexpr uint64_t kPlenty = uint64_t{1} << 40;
constexpr int kRateHz = 1000;
constexpr int64_t kPieceSamples = 32 * kRateHz;
constexpr AudioOptions kOptions{.sample_rate_hz = kRateHz};

struct Place {
  TemporaryFolder temporary;
  fs::path audio = temporary.path() / "audio";
  fs::path folder = temporary.path() / "cache";

  Place() { fs::create_directory(audio); }

  fs::path write(const std::string& name, int64_t samples, uint64_t seed,
                 int format = SF_FORMAT_WAV | SF_FORMAT_PCM_16, float amplitude = 0.2F) const {
    write_audio(audio / name, noise(samples, seed, amplitude), kRateHz, format);
    return audio / name;
  }

  std::vector<fs::path> entries() const {
    std::vector<fs::path> found;
    if (!fs::exists(folder)) return found;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file()) found.push_back(entry.path());
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  uint64_t bytes() const {
    uint64_t sum = 0;
    for (const fs::path& entry : entries()) sum += fs::file_size(entry);
    return sum;
  }
  void age_entries() const {
    for (const fs::path& entry : entries())
      fs::last_write_time(entry, fs::file_time_type::clock::now() - std::chrono::hours(2));
  }
};

std::vector<float> decoded(const fs::path& path, double start = 0.0, double duration = -1.0,
                           const AudioOptions& options = kOptions) {
  return read_audio(path, options, start, duration).samples;
}

std::vector<float> through(const fs::path& folder, const fs::path& path, double start = 0.0,
                           double duration = -1.0, const AudioOptions& options = kOptions) {
  return AudioCache(folder, kPlenty, options).read(path, start, duration);
}

size_t count(const std::string& text, const std::string& part) {
  size_t n = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++n;
  return n;
}

}  // namespace

TEST_CASE("16-bit audio comes out unchanged, whatever the part") {
  const Place place;
  for (const int64_t samples : {int64_t{700}, kPieceSamples, 2 * kPieceSamples + 5000}) {
    const fs::path path = place.write("a.flac", samples, 1, SF_FORMAT_FLAC | SF_FORMAT_PCM_16);
    const std::vector<float> whole = decoded(path);
    REQUIRE(std::ssize(whole) == samples);
    for (int turn = 0; turn < 2; ++turn) {
      CHECK(through(place.folder, path) == whole);
      CHECK(through(place.folder, path, 0.0, 1e6) == whole);
      for (const double start : {0.0, 0.25, 31.9, 32.0, 63.5}) {
        if (start * kRateHz >= static_cast<double>(samples)) continue;
        CHECK(through(place.folder, path, start, 0.3) == decoded(path, start, 0.3));
        CHECK(through(place.folder, path, start, 40.0) == decoded(path, start, 40.0));
      }
    }
  }
  CHECK(place.entries().size() == 1 + 1 + 3);
}

TEST_CASE("other samples are rounded to 16 bits and clipped at full scale, from the first time on") {
  const Place place;
  const fs::path path = place.write("a.wav", 3000, 2, SF_FORMAT_WAV | SF_FORMAT_FLOAT, 1.5F);
  const std::vector<float> exact = decoded(path);
  const std::vector<float> cold = through(place.folder, path);
  REQUIRE(cold.size() == exact.size());
  int64_t clipped = 0;
  for (size_t i = 0; i < exact.size(); ++i) {
    const float nearest = std::clamp(exact[i], -1.0F, 32767.0F / 32768.0F);
    clipped += nearest == exact[i] ? 0 : 1;
    CHECK(std::fabs(cold[i] - nearest) <= 1.0F / 65536.0F);
    CHECK(cold[i] * 32768.0F == std::round(cold[i] * 32768.0F));
  }
  CHECK(clipped > 100);
  CHECK(through(place.folder, path) == cold);
}

TEST_CASE("resampled and lossy audio is the same from a full, an empty and an impossible cache") {
  const Place place;
  write_bytes(place.temporary.path() / "file", "no folder");
  const AudioOptions options{.sample_rate_hz = 16000};
  const CapturedStderr quiet;
  for (const int format : {SF_FORMAT_WAV | SF_FORMAT_PCM_16, SF_FORMAT_OGG | SF_FORMAT_OPUS}) {
    const fs::path path = place.audio / "a.ogg";
    write_audio(path, noise(70 * 48000, 3), 48000, format);
    for (const double start : {0.0, 0.1, 30.0}) {
      const std::vector<float> cold = through(place.folder, path, start, 9.0, options);
      CHECK(cold.size() == 9 * 16000);
      CHECK(through(place.folder, path, start, 9.0, options) == cold);
      CHECK(through(place.temporary.path() / "file" / "cache", path, start, 9.0, options) == cold);
    }
  }
}

TEST_CASE("an entry is read and not decoded again") {
  const Place place;
  const fs::path path = place.write("a.wav", 900, 4);
  through(place.folder, path);
  REQUIRE(place.entries().size() == 1);
  const std::string bytes = read_bytes(place.entries()[0]);
  CacheKey key;
  std::memcpy(&key, bytes.data() + 8, sizeof(key));
  write_cache_entry(place.entries()[0], key, std::vector<int16_t>{16384, -16384});
  CHECK(through(place.folder, path) == std::vector<float>{0.5F, -0.5F});
}

TEST_CASE("a changed file is noticed at the same path, size and time") {
  const Place place;
  // Below and above the size from which on time stamps are believed.
  for (const int64_t samples : {int64_t{1000}, int64_t{3000000}}) {
    const fs::path path = place.write("a.wav", samples, 5);
    const auto time = fs::last_write_time(path);
    const auto size = fs::file_size(path);
    AudioCache cache(place.folder, kPlenty, kOptions);
    const std::vector<float> before = cache.read(path, 0.0, 0.9);
    CHECK(before == decoded(path, 0.0, 0.9));
    place.write("a.wav", samples, 6);
    fs::last_write_time(path, time);
    REQUIRE(fs::file_size(path) == size);
    const std::vector<float> after = cache.read(path, 0.0, 0.9);
    CHECK(after != before);
    CHECK(after == decoded(path, 0.0, 0.9));
  }
}

TEST_CASE("equal content shares an entry, other ways to decode it do not") {
  const Place place;
  const fs::path path = place.audio / "a.wav";
  write_audio(path, noise(4000, 7), 2000, SF_FORMAT_WAV | SF_FORMAT_PCM_16, 2);
  fs::copy_file(path, place.audio / "b.wav");
  through(place.folder, path);
  through(place.folder, place.audio / "b.wav");
  CHECK(place.entries().size() == 1);

  const AudioOptions left{.sample_rate_hz = kRateHz, .channels = ChannelPolicy::left};
  const AudioOptions right{.sample_rate_hz = kRateHz, .channels = ChannelPolicy::right};
  const AudioOptions own_rate{.sample_rate_hz = 2000, .channels = ChannelPolicy::right};
  const AudioOptions strict{.sample_rate_hz = kRateHz, .strict_rate = true};
  CHECK(through(place.folder, path, 0, -1, left) != through(place.folder, path, 0, -1, right));
  CHECK(through(place.folder, path, 0, -1, own_rate) == decoded(path, 0, -1, own_rate));
  CHECK(place.entries().size() == 4);
  CHECK_THROWS_AS(through(place.folder, path, 0, -1, strict), AudioError);
}

TEST_CASE("entries that are not whole are decoded anew and replaced") {
  const Place place;
  const fs::path path = place.write("a.wav", 900, 8);
  const fs::path other = place.write("b.wav", 900, 9);
  const std::vector<float> expected = through(place.folder, path);
  const fs::path entry = place.entries().at(0);
  const std::string good = read_bytes(entry);
  through(place.folder, other);
  const auto entries = place.entries();
  REQUIRE(entries.size() == 2);
  const std::string foreign = read_bytes(entries[0] == entry ? entries[1] : entries[0]);
  REQUIRE(foreign.size() == good.size());

  std::vector<std::string> bad = {
      "", foreign, good + '\0', good + good, std::string(good.size(), '\0'), std::string(1 << 20, 'x')};
  for (const size_t length : {size_t{1}, size_t{40}, size_t{56}, size_t{57}, size_t{58}, good.size() - 1})
    bad.push_back(good.substr(0, length));
  for (size_t at = 0; at < good.size(); at += at < 64 ? 1 : 97) {
    bad.push_back(good);
    bad.back()[at] = static_cast<char>(bad.back()[at] ^ 0x40);
  }
  for (const std::string& bytes : bad) {
    write_bytes(entry, bytes);
    CHECK(through(place.folder, path) == expected);
    CHECK(read_bytes(entry) == good);
  }
}

TEST_CASE("what cannot be read is the same error as without a cache, and leaves no entry") {
  const Place place;
  const auto fault = [&](const fs::path& path, double start) {
    try {
      through(place.folder, path, start, 1.0);
    } catch (const AudioError& error) {
      CHECK(std::string(error.what()).find(path.string()) == 0);
      return error.fault();
    }
    FAIL("no error");
    return AudioFault::unreadable;
  };
  write_bytes(place.audio / "text.wav", "not audio");
  write_bytes(place.audio / "empty.wav", "");
  CHECK(fault(place.audio / "missing.wav", 0.0) == AudioFault::unreadable);
  CHECK(fault(place.audio, 0.0) == AudioFault::unreadable);
  CHECK(fault(place.audio / "text.wav", 0.0) == AudioFault::unreadable);
  CHECK(fault(place.audio / "empty.wav", 0.0) == AudioFault::empty);
  CHECK(place.entries().empty());
  const fs::path path = place.write("short.wav", 900, 1);
  CHECK(fault(path, 100.0) == AudioFault::empty);
  CHECK(fault(path, 1.5) == AudioFault::empty);
  CHECK_THROWS_AS(through(place.folder, path, -1.0, 1.0), AudioError);
  CHECK_THROWS_AS(through(place.folder, path, std::nan(""), 1.0), AudioError);
}

TEST_CASE("the bound holds: what earlier runs left goes first, what this run uses stays") {
  const Place place;
  std::vector<fs::path> paths;
  for (uint64_t i = 0; i < 60; ++i) paths.push_back(place.write(std::to_string(i) + ".wav", 1000, i + 1));
  constexpr uint64_t kEntryBytes = 56 + 2000;
  constexpr uint64_t kMaxBytes = 20 * kEntryBytes;
  const CapturedStderr quiet;
  {
    AudioCache cache(place.folder, kMaxBytes, kOptions);
    for (size_t i = 0; i < 30; ++i) {
      cache.read(paths[i], 0.0, -1.0);
      CHECK(place.bytes() <= kMaxBytes);
    }
    CHECK(place.entries().size() >= 18);
  }
  const auto first_entries = place.entries();
  // Not ours, however old: never removed.
  write_bytes(place.folder / "letter.txt", "keep");
  write_bytes(first_entries[0].parent_path() / "notes.pcm16", "keep");
  place.age_entries();

  AudioCache cache(place.folder, kMaxBytes, kOptions);
  CHECK(cache.read(paths[0], 0.0, -1.0) == decoded(paths[0]));  // used now, so not old any more
  for (size_t i = 30; i < 60; ++i) {
    CHECK(cache.read(paths[i], 0.0, -1.0) == decoded(paths[i]));
    CHECK(place.bytes() <= kMaxBytes + 8);
  }
  CHECK(fs::exists(place.folder / "letter.txt"));
  CHECK(fs::exists(first_entries[0].parent_path() / "notes.pcm16"));
  int64_t kept = 0;
  for (const fs::path& entry : first_entries) kept += fs::exists(entry) ? 1 : 0;
  CHECK(kept == 1);
  CHECK(place.entries().size() >= 18 + 2);
}

TEST_CASE("threads and caches that share a folder all get the right samples") {
  const Place place;
  std::vector<fs::path> paths;
  std::vector<std::vector<float>> expected;
  for (uint64_t i = 0; i < 12; ++i) {
    paths.push_back(place.write(std::to_string(i) + ".wav", 2000 + static_cast<int64_t>(i), i + 1));
    expected.push_back(decoded(paths.back()));
  }
  // Small enough that entries come and go.
  AudioCache one(place.folder, 30000, kOptions);
  AudioCache two(place.folder, kPlenty, kOptions);
  std::atomic<int> wrong = 0;
  std::atomic<bool> stop = false;
  const CapturedStderr quiet;
  std::vector<std::thread> readers;
  for (size_t t = 0; t < 4; ++t) {
    readers.emplace_back([&, t] {
      for (size_t i = 0; i < 200; ++i) {
        const size_t at = (i * (t + 1) + t) % paths.size();
        if ((t % 2 == 0 ? one : two).read(paths[at], 0.0, -1.0) != expected[at]) ++wrong;
      }
    });
  }
  std::thread remover([&] {
    while (!stop) {
      std::error_code ignored;
      fs::remove_all(place.folder, ignored);
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  });
  for (std::thread& reader : readers) reader.join();
  stop = true;
  remover.join();
  CHECK(wrong == 0);
}

TEST_CASE("a deleted folder is made again") {
  const Place place;
  const fs::path path = place.write("a.wav", 900, 3);
  AudioCache cache(place.folder, kPlenty, kOptions);
  const CapturedStderr warnings;
  const std::vector<float> expected = cache.read(path, 0.0, -1.0);
  fs::remove_all(place.folder);
  CHECK(cache.read(path, 0.0, -1.0) == expected);
  CHECK(place.entries().size() == 1);
  CHECK(warnings.text().empty());
}

TEST_CASE("a folder that cannot be written is said once, and everything goes on") {
  const Place place;
  write_bytes(place.folder, "a file where the folder should be");
  const CapturedStderr warnings;
  for (int turn = 0; turn < 2; ++turn) {
    AudioCache cache(place.folder, kPlenty, kOptions);
    for (uint64_t i = 0; i < 5; ++i) {
      const fs::path path = place.write(std::to_string(i) + ".wav", 900, i);
      CHECK(cache.read(path, 0.0, -1.0) == decoded(path));
    }
  }
  CHECK(count(warnings.text(), "warning: ") == 1);
  CHECK(warnings.contains("audio cache"));
}

TEST_CASE("a full disk is said once, what is there is still used, and nothing half is left") {
  const Place place;
  const fs::path small = place.write("small.wav", 900, 1);
  const fs::path large = place.write("large.wav", 20000, 2);
  AudioCache cache(place.folder, kPlenty, kOptions);
  const std::vector<float> expected = cache.read(small, 0.0, -1.0);
  const CapturedStderr warnings;
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit tight{10000, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &tight) == 0);
  const std::vector<float> first = cache.read(large, 0.0, -1.0);
  const std::vector<float> second = cache.read(large, 0.0, -1.0);
  const std::vector<float> hit = cache.read(small, 0.0, -1.0);
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(first == decoded(large));
  CHECK(second == first);
  CHECK(hit == expected);
  CHECK(place.entries().size() == 1);
  CHECK(count(warnings.text(), "warning: ") == 1);
}
