#include "wav2vec/audio/frame_grid.h"

#include <doctest/doctest.h>

using namespace wav2vec;

TEST_CASE("the grid of 25 and 10 ms is Kaldi's") {
  FrameGrid grid = frame_grid({}, 16000);
  CHECK(grid.window_samples == 400);
  CHECK(grid.hop_samples == 160);
  CHECK(grid.frames_for(0) == 0);
  CHECK(grid.frames_for(399) == 0);
  CHECK(grid.frames_for(400) == 1);
  CHECK(grid.frames_for(559) == 1);
  CHECK(grid.frames_for(560) == 2);
  CHECK(grid.first_sample_of(3) == 480);
  CHECK(grid.center_sample_of(0) == 199.5);

  grid.snip_edges = false;
  CHECK(grid.frames_for(0) == 0);
  CHECK(grid.frames_for(79) == 0);
  CHECK(grid.frames_for(80) == 1);
  CHECK(grid.frames_for(16000) == 100);
  CHECK(grid.first_sample_of(0) == -120);
  CHECK(grid.first_sample_of(1) == 40);
  CHECK(grid.center_sample_of(0) == 79.5);
}

TEST_CASE("windows and hops of broken samples are rounded down") {
  const FrameGrid grid = frame_grid({}, 11025);
  CHECK(grid.window_samples == 275);
  CHECK(grid.hop_samples == 110);
  CHECK(frame_grid({}, 22050).hop_samples == 220);
}

TEST_CASE("the mirrored signal repeats its first and last sample") {
  const int64_t expected[] = {2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0, 1, 2};
  for (int64_t i = 0; i < 13; ++i) CHECK(mirrored_index(i - 4, 3) == expected[i]);
  for (int64_t i = -5; i < 5; ++i) CHECK(mirrored_index(i, 1) == 0);
}
