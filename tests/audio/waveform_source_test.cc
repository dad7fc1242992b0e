#include "wav2vec/audio/waveform_source.h"

#include <doctest/doctest.h>

#include <vector>

#include "support/audio_files.h"
#include "wav2vec/audio/normalize.h"

using namespace wav2vec;

TEST_CASE("waveform source: normalised in pieces it is what it is at once") {
  std::vector<float> wave = test::noise(200003, 1);
  for (float& x : wave) x = 0.1F + 0.3F * x;
  const WaveformSource source = normalized(waveform_in_memory(wave));
  std::vector<float> pieces(wave.size());
  for (int64_t first = 0; first < source.samples; first += 777)
    source.read(first, std::min<int64_t>(777, source.samples - first), pieces.data() + first);
  normalize_waveform(wave);
  CHECK(pieces == wave);
}

TEST_CASE("waveform source: a part begins at its own zero") {
  const std::vector<float> wave = test::noise(1000, 2);
  const WaveformSource part = waveform_part(waveform_in_memory(wave), 300, 200);
  CHECK(part.samples == 200);
  std::vector<float> out(50);
  part.read(150, 50, out.data());
  CHECK(std::equal(out.begin(), out.end(), wave.begin() + 450));
}
