#include "wav2vec/extract/postprocess.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "support/feature_matrix.h"
#include "wav2vec/core/error.h"
#include "wav2vec/extract/cmvn.h"
#include "wav2vec/extract/deltas.h"
#include "wav2vec/extract/splice.h"
#include "wav2vec/extract/subsample.h"

using namespace wav2vec;
using namespace wav2vec::test;

namespace {

PostprocessConfig everything(CmvnKind kind) {
  PostprocessConfig config;
  config.cmvn.cmvn = kind;
  config.cmvn.norm_vars = true;
  config.deltas.delta_order = 2;
  config.splice = {2, 1};
  config.subsample = {3, 1};
  return config;
}

}  // namespace

TEST_CASE("the steps run one after the other as if each had been stored") {
  const FeatureMatrix m = noise_features(700, 3, 1);
  CmvnStatistics global;
  global.add(m.rows());
  global.add(noise_features(100, 3, 2).rows());
  for (const CmvnKind kind :
       {CmvnKind::none, CmvnKind::utterance, CmvnKind::speaker, CmvnKind::global, CmvnKind::sliding}) {
    const PostprocessConfig config = everything(kind);
    FeatureMatrix stored = m;
    CmvnStatistics own;
    own.add(m.rows());
    if (kind == CmvnKind::utterance) stored = read_matrix(apply_cmvn(m.rows(), own, true));
    if (kind == CmvnKind::speaker || kind == CmvnKind::global)
      stored = read_matrix(apply_cmvn(m.rows(), global, true));
    if (kind == CmvnKind::sliding) stored = read_matrix(apply_sliding_cmvn(m.rows(), config.cmvn));
    const FeatureMatrix deltas = read_matrix(add_deltas(stored.rows(), config.deltas));
    const FeatureMatrix stacked = read_matrix(splice(deltas.rows(), config.splice));
    const FeatureMatrix expected = read_matrix(subsample(stacked.rows(), config.subsample));
    const FeatureMatrix out = read_matrix(postprocess(m.rows(), config, &global));
    CHECK(out.values == expected.values);
    FeatureContract contract;
    contract.channels = 3;
    contract.hop_samples = 160;
    contract.sample_rate_hz = 16000;
    contract = postprocess(contract, config);
    CHECK(contract.channels == out.channels);
    CHECK(contract.hop_samples == 480);
  }
}

TEST_CASE("nothing asked for is nothing done, and statistics that are missing are a bug") {
  const FeatureMatrix m = noise_features(20, 3, 1);
  CHECK(read_matrix(postprocess(m.rows(), {}, nullptr)).values == m.values);
  CHECK_THROWS_AS(postprocess(m.rows(), everything(CmvnKind::speaker), nullptr), InternalError);
  PostprocessConfig bad;
  bad.cmvn.cmn_window = 0;
  CHECK_THROWS_WITH_AS(postprocess(m.rows(), bad, nullptr), doctest::Contains("[postprocess] cmn_window"),
                       ConfigError);
}

TEST_CASE("a long utterance is read in pieces that are short against it") {
  int64_t longest = 0;
  const int64_t frames = 200000;
  const FeatureRows source{frames, 2, [&](int64_t first, int64_t count, float* out) {
                             longest = std::max(longest, count);
                             REQUIRE(first + count <= frames);
                             for (int64_t i = 0; i < 2 * count; ++i)
                               out[i] = std::sin(static_cast<float>(2 * first + i));
                           }};
  for (const CmvnKind kind : {CmvnKind::utterance, CmvnKind::sliding}) {
    for_each_piece(postprocess(source, everything(kind), nullptr), [](int64_t, std::span<const float>) {});
    CHECK(longest < 6000);
  }
}
