// Behaviour of the whole network: frames, receptive field, causality, and independence of batch and padding.

#include "wav2vec/model/wav2vec_model.h"

#include <doctest/doctest.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "support/network.h"
#include "support/speech_like.h"

using namespace wav2vec;

namespace {

ModelConfig small_model() {
  ModelConfig m;
  m.encoder_channels = {16, 16, 16, 16, 16};
  m.context_channels = {16, 24, 16};
  m.context_kernels = {2, 3, 4};
  m.context_skip = true;
  m.log_compression = true;
  return m;
}

struct Output {
  int64_t frames = 0;
  std::vector<float> z, c;
};

// z and c of every item, valid frames only.
std::vector<Output> features_of(test::Network& network, const std::vector<std::vector<float>>& items,
                                float filler) {
  test::Batch batch;
  size_t longest = 0;
  for (const auto& item : items) longest = std::max(longest, item.size());
  for (const auto& item : items) {
    batch.samples.insert(batch.samples.end(), item.begin(), item.end());
    batch.samples.insert(batch.samples.end(), longest - item.size(), filler);
    batch.lengths.push_back(static_cast<int64_t>(item.size()));
  }
  const auto mark = network.workspace.mark();
  const auto f = wav2vec_forward(network.model, network.pass(), batch.view(), nullptr);
  std::vector<Output> outputs;
  for (int64_t b = 0; b < f.z.batch; ++b) {
    Output out;
    out.frames = f.z.lengths[static_cast<size_t>(b)];
    out.z.assign(f.z.item(b), f.z.item(b) + out.frames * f.z.channels);
    out.c.assign(f.c.item(b), f.c.item(b) + out.frames * f.c.channels);
    outputs.push_back(std::move(out));
  }
  network.workspace.rewind(mark);
  return outputs;
}

void check_items_alone(test::Network& network) {
  const auto a = test::glide(1, 5000);
  const auto b = test::glide(2, 9301);
  const auto c = test::glide(3, 470);
  const auto alone_a = features_of(network, {a}, 0.0F);
  const auto alone_c = features_of(network, {c}, 0.0F);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const float filler : {0.0F, 0.7F, nan}) {
    const auto together = features_of(network, {b, a, c}, filler);
    CHECK(together[1].frames == alone_a[0].frames);
    CHECK(together[1].z == alone_a[0].z);
    CHECK(together[1].c == alone_a[0].c);
    CHECK(together[2].z == alone_c[0].z);
    CHECK(together[2].c == alone_c[0].c);
  }
}

}  // namespace

TEST_CASE("model: frames follow the geometry, from one frame on") {
  test::Network network(small_model(), {});
  const FrameGeometry g = encoder_geometry(network.model.config);
  for (const int64_t samples : {465, 466, 624, 625, 1600, 10000, 16000}) {
    CAPTURE(samples);
    const auto out = features_of(network, {test::glide(1, samples)}, 0.0F);
    CHECK(out[0].frames == g.frames_for(samples));
  }
  CHECK(g.frames_for(464) == 0);
  CHECK(g.frames_for(465) == 1);
  CHECK(g.frames_for(16000) == 98);
}

TEST_CASE("model: an item's features do not depend on batch mates, order or what lies behind its end") {
  test::Network network(small_model(), {});
  check_items_alone(network);
  if (!supports_bf16()) return;
  network.use_bf16();
  check_items_alone(network);
}

TEST_CASE("model: gradients do not depend on the number of threads") {
  ModelConfig config = small_model();
  config.context_skip = true;
  test::Network network(config, {});
  test::Batch batch{test::glide(7, 16000), {9000, 7000}};
  batch.samples.resize(18000, 0.0F);
  const std::vector<uint64_t> keys{1, 2};
  const TrainingRandom random{1, keys};
  const int threads = omp_get_max_threads();
  for (const bool bf16 : {false, true}) {
    if (bf16 && !supports_bf16()) continue;
    if (bf16) network.use_bf16();
    CAPTURE(bf16);
    std::vector<float> first;
    for (const int n : {1, 2, 3, 5}) {
      omp_set_num_threads(n);
      network.gradients.zero();
      train_pass(network, network.pass(&random), batch.view(), network.gradients);
      const auto flat = network.gradients.flat();
      if (first.empty()) first.assign(flat.begin(), flat.end());
      CHECK(std::equal(first.begin(), first.end(), flat.begin()));
    }
    omp_set_num_threads(threads);
  }
}

TEST_CASE("model: a new sum of gradients leaves nothing of what the block held") {
  ModelConfig config = small_model();
  config.context_bias = true;
  test::Network network(config, {});
  test::Batch batch{test::glide(5, 16000), {9000, 7000}};
  batch.samples.resize(18000, 0.0F);
  const std::vector<uint64_t> keys{1, 2};
  const TrainingRandom random{1, keys};
  for (const bool bf16 : {false, true}) {
    if (bf16 && !supports_bf16()) continue;
    if (bf16) network.use_bf16();
    CAPTURE(bf16);
    network.gradients.zero();
    train_pass(network, network.pass(&random), batch.view(), network.gradients);
    const std::vector<float> added(network.gradients.flat().begin(), network.gradients.flat().end());
    std::ranges::fill(network.gradients.flat(), NAN);
    train_pass(network, network.pass(&random), batch.view(), start_gradients(network.gradients));
    CHECK(std::ranges::equal(added, network.gradients.flat()));
  }
}

TEST_CASE("model: the training forward gives the features of the inference forward") {
  test::Network network(small_model(), {});
  test::Batch batch{test::glide(4, 6000), {6000}};
  Wav2VecCache cache;
  for (const bool bf16 : {false, true}) {
    if (bf16 && !supports_bf16()) continue;
    if (bf16) network.use_bf16();
    const auto trained = wav2vec_forward(network.model, network.pass(), batch.view(), &cache);
    const auto inferred = wav2vec_forward(network.model, network.pass(), batch.view(), nullptr);
    CHECK(std::equal(trained.z.item(0), trained.z.item(0) + trained.z.size(), inferred.z.item(0)));
    CHECK(std::equal(trained.c.item(0), trained.c.item(0) + trained.c.size(), inferred.c.item(0)));
  }
}

TEST_CASE("model: the loudness of the waveform cancels in the first normalisation") {
  test::Network network(small_model(), {});
  auto wave = test::glide(5, 8000);
  const auto loud = features_of(network, {wave}, 0.0F);
  for (float& v : wave) v *= 0.5F;
  const auto quiet = features_of(network, {wave}, 0.0F);
  for (size_t i = 0; i < loud[0].c.size(); ++i)
    CHECK(quiet[0].c[i] == doctest::Approx(loud[0].c[i]).epsilon(0.02));
}

TEST_CASE("encoder: a sample reaches exactly the frames whose receptive field holds it") {
  // Normalisation over the utterance lets every sample reach every frame, so the convolutions are tried
  // alone.
  test::Network network(small_model(), {});
  const FrameGeometry g = encoder_geometry(network.model.config);
  const int64_t samples = 4000;
  const auto convolve = [&](const std::vector<float>& wave) {
    Workspace workspace;
    test::Batch batch{wave, {samples}};
    Activations x = batch.view();
    for (const EncoderBlock& block : network.model.encoder.blocks) {
      const auto lengths = workspace.push_integers(1);
      lengths[0] = block.conv.output_frames(x.lengths[0]);
      const Activations y = workspace.push(1, lengths[0], block.conv.out_channels, lengths);
      conv1d_forward(block.conv, {network.parameters, workspace}, {x}, y);
      x = y;
    }
    return std::vector<float>(x.item(0), x.item(0) + x.size());
  };
  const auto base = convolve(test::glide(6, samples));
  for (const int64_t at : {0, 160, 464, 465, 1999, 3999}) {
    auto wave = test::glide(6, samples);
    wave[static_cast<size_t>(at)] += 0.5F;
    const auto moved = convolve(wave);
    const int64_t channels = network.model.encoder.channels();
    for (int64_t t = 0; t < g.frames_for(samples); ++t) {
      const bool inside = at >= g.first_sample_of(t) && at < g.first_sample_of(t) + g.receptive_field_samples;
      const bool changed = !std::equal(base.begin() + t * channels, base.begin() + (t + 1) * channels,
                                       moved.begin() + t * channels);
      CAPTURE(at);
      CAPTURE(t);
      CHECK(changed == inside);
    }
  }
}

TEST_CASE("model: after warm-up a training pass takes no memory from the system") {
  test::Network network(small_model(), {});
  test::Batch batch{test::glide(7, 8000), {8000}};
  const std::vector<uint64_t> keys{1};
  const TrainingRandom random{1, keys};
  train_pass(network, network.pass(&random), batch.view(), network.gradients);
  const int64_t after_first = network.workspace.allocations();
  for (int i = 0; i < 3; ++i) train_pass(network, network.pass(&random), batch.view(), network.gradients);
  CHECK(network.workspace.allocations() == after_first);
}
