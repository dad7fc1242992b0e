#include "model/encoder_chunks.h"

#include <doctest/doctest.h>

#include <cmath>

#include "support/network.h"
#include "support/speech_like.h"

using namespace wav2vec;

namespace {

// The second convolution's output and statistics, item after item, as f32.
std::vector<float> values_of(const Activations& y, NormStatistics statistics) {
  std::vector<float> out(statistics.begin(), statistics.end());
  for (int64_t b = 0; b < y.batch; ++b) {
    for (int64_t i = 0; i < y.length(b) * y.channels; ++i)
      out.push_back(y.dtype == DType::f32 ? y.item(b)[i] : to_float(y.bf16_item(b)[i]));
  }
  return out;
}

void check_chunks(test::Network& network, double limit) {
  // Three chunks; and an item that ends within the first one.
  const std::vector<int64_t> lengths{100003, 5000};
  test::Batch batch{test::glide(1, 2 * lengths[0]), lengths};
  const ConvEncoder& encoder = network.model.encoder;
  const Pass pass = network.pass();
  std::vector<int64_t> first_lengths;
  std::vector<int64_t> second_lengths;
  for (int64_t n : lengths) {
    first_lengths.push_back(encoder.blocks[0].conv.output_frames(n));
    second_lengths.push_back(encoder.blocks[1].conv.output_frames(first_lengths.back()));
  }
  const auto push = [&](const std::vector<int64_t>& frames, size_t i) {
    return pass.workspace.push(2, frames[0], encoder.blocks[i].conv.out_channels, frames, pass.dtype());
  };
  const Activations x = push(first_lengths, 0);
  const NormStatistics x_statistics =
      conv1d_norm_forward(encoder.blocks[0].conv, encoder.blocks[0].norm, pass, {batch.view()}, x);
  const Activations whole = push(second_lengths, 1);
  const NormStatistics whole_statistics =
      conv1d_norm_forward(encoder.blocks[1].conv, encoder.blocks[1].norm, pass,
                          {x, &encoder.blocks[0].norm, x_statistics}, whole);
  const Activations chunked = push(second_lengths, 1);
  const NormStatistics chunked_statistics = first_two_blocks_in_chunks(encoder, pass, batch.view(), chunked);

  const auto expected = values_of(whole, whole_statistics);
  const auto actual = values_of(chunked, chunked_statistics);
  REQUIRE(expected.size() == actual.size());
  double error = 0.0;
  double top = 0.0;
  for (size_t i = 0; i < expected.size(); ++i) {
    error = std::max(error, std::fabs(static_cast<double>(expected[i]) - static_cast<double>(actual[i])));
    top = std::max(top, std::fabs(static_cast<double>(expected[i])));
  }
  CHECK(error <= limit * top);
}

}  // namespace

TEST_CASE("encoder: in chunks the first two blocks give what they give at once") {
  ModelConfig config;
  config.encoder_channels = {24, 40, 16, 16, 16};
  config.context_channels = {16};
  config.context_kernels = {3};
  test::Network network(config, {});
  check_chunks(network, 1e-6);  // a product may add up in another order when it has fewer rows
  if (!supports_bf16()) return;
  network.use_bf16();
  check_chunks(network, 0.0);
}

TEST_CASE("encoder: only long input goes through chunks") {
  const test::Network network(ModelConfig{}, {});
  CHECK_FALSE(is_long_input(network.model.encoder, 16000 * 10));
  CHECK(is_long_input(network.model.encoder, 16000 * 60));
}
