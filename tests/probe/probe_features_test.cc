// Tables of features: what an input's name asks for is what its table holds.

#include "wav2vec/probe/probe_features.h"

#include <doctest/doctest.h>

#include <cmath>

#include "support/speech_like.h"
#include "support/temporary_folder.h"

using namespace wav2vec;

TEST_CASE("probe features: cmvn: gives every channel of an utterance mean 0 and variance 1, before deltas") {
  const TemporaryFolder folder;
  const Manifest manifest = read_manifest(test::write_corpus(folder.path(), 3));
  const std::vector<ProbeInput> inputs{parse_probe_input("mfcc"), parse_probe_input("cmvn:mfcc+1")};
  const ProbeFeatures features = compute_probe_features(manifest.utterances, inputs, {.quiet = true});
  const FeatureTable& plain = features.table("mfcc");
  const FeatureTable& normalised = features.table("cmvn:mfcc+1");
  REQUIRE(normalised.channels == 2 * plain.channels);
  for (int64_t u = 0; u < 3; ++u) {
    const auto& rows = normalised.rows[static_cast<size_t>(u)];
    const int64_t frames = normalised.frames(u);
    REQUIRE(frames == plain.frames(u));
    for (int64_t c = 0; c < plain.channels; ++c) {
      double sum = 0.0, squares = 0.0;
      for (int64_t t = 0; t < frames; ++t) {
        const double x = rows[static_cast<size_t>(t * normalised.channels + c)];
        sum += x;
        squares += x * x;
      }
      CHECK(std::abs(sum / static_cast<double>(frames)) < 1e-4);
      CHECK(squares / static_cast<double>(frames) == doctest::Approx(1.0).epsilon(1e-3));
    }
  }
  CHECK(std::abs(plain.rows[0][0]) > 1.0F);  // the plain ones are not normalised
}
