#include "wav2vec/extract/decoded_waveform.h"

#include <doctest/doctest.h>

#include "support/temporary_folder.h"

using namespace wav2vec;

// Long enough to leave memory and to need a second file, with the value of a sample telling its place.
TEST_CASE("decoded waveform: hours go through files and read back wherever one starts") {
  const TemporaryFolder folder;
  DecodedWaveform waveform(folder.path());
  constexpr int64_t kMemory = int64_t{1} << 24;
  constexpr int64_t kTotal = 2 * kMemory + 12345;
  std::vector<float> piece(1000003);
  const auto value = [](int64_t i) { return static_cast<float>(i % 8388593); };
  for (int64_t at = 0; at < kTotal; at += std::ssize(piece)) {
    piece.resize(static_cast<size_t>(std::min<int64_t>(std::ssize(piece), kTotal - at)));
    for (size_t i = 0; i < piece.size(); ++i) piece[i] = value(at + static_cast<int64_t>(i));
    waveform.append(piece);
  }
  REQUIRE(waveform.samples() == kTotal);
  const WaveformSource source = waveform.source();
  REQUIRE(source.samples == kTotal);
  const std::pair<int64_t, int64_t> parts[] = {{0, 10},         {kMemory - 5, 10},
                                               {kMemory, 1},    {2 * kMemory - 700, 1400},
                                               {kTotal - 9, 9}, {kMemory - 100, kMemory + 200}};
  for (const auto& [first, count] : parts) {
    CAPTURE(first);
    std::vector<float> read(static_cast<size_t>(count), -1.0F);
    source.read(first, count, read.data());
    int64_t wrong = 0;
    for (int64_t i = 0; i < count; ++i) wrong += read[static_cast<size_t>(i)] != value(first + i) ? 1 : 0;
    CHECK(wrong == 0);
  }
  CHECK(std::filesystem::is_empty(folder.path()));  // its files have no names
}
