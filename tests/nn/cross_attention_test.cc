// Attention against its definition in double, its gradients, and what it must not read.

#include "wav2vec/nn/cross_attention.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "wav2vec/core/error.h"
#include "wav2vec/core/rng.h"

using namespace wav2vec;

namespace {

constexpr int64_t kRowChannels = 3;
constexpr int64_t kFrameChannels = 4;
constexpr int64_t kChannels = 5;
constexpr int64_t kOut = 2;

/// Rows and frames of several lengths; what lies behind them is not a number.
struct Sequences {
  std::vector<int64_t> lengths;
  std::vector<float> values;
  Activations view;

  Sequences(std::vector<int64_t> lengths_of, int64_t frames, int64_t channels, uint64_t seed)
      : lengths(std::move(lengths_of)),
        values(lengths.size() * static_cast<size_t>(frames * channels),
               std::numeric_limits<float>::quiet_NaN()),
        view{values.data(), std::ssize(lengths), frames, channels, lengths} {
    const RandomStream random(seed, RandomUse::crop, {});
    for (int64_t b = 0; b < view.batch; ++b) {
      for (int64_t i = 0; i < view.length(b) * channels; ++i)
        view.item(b)[i] = static_cast<float>(2.0 * random.uniform(static_cast<uint64_t>(1000 * b + i)) - 1.0);
    }
  }
};

struct Layer {
  ParameterLayout layout;
  CrossAttention attention =
      make_cross_attention(layout, "attention", kRowChannels, kFrameChannels, kChannels, kOut);
  ParameterBlock parameters = frozen();
  ParameterBlock gradients{layout};
  Workspace workspace;
  Sequences rows{{3, 2, 2, 1}, 3, kRowChannels, 1};
  Sequences frames{{6, 4}, 7, kFrameChannels, 2};
  std::vector<AttendedFrames> attended{{0, 0, 6}, {1, 0, 4}, {0, 2, 5}, {}};

  Layer() {
    initialize_parameters(parameters, 3);
    const RandomStream random(4, RandomUse::crop, {});
    for (size_t i = 0; i < parameters[attention.output].size(); ++i)
      parameters[attention.output][i] = static_cast<float>(random.uniform(i) - 0.5);
  }

  ParameterBlock frozen() {
    layout.freeze();
    return ParameterBlock(layout);
  }

  Pass pass() { return {parameters, workspace}; }

  Activations forward(CrossAttentionCache& cache) {
    return cross_attention_forward(attention, pass(), rows.view, frames.view, attended, cache);
  }

  /// Σ y · weights, which are the gradient too.
  double weighed(const Activations& y, const Activations* dy) const {
    const RandomStream weights(5, RandomUse::crop, {});
    double sum = 0.0;
    for (int64_t b = 0; b < y.batch; ++b) {
      for (int64_t i = 0; i < y.length(b) * y.channels; ++i) {
        const double w = weights.uniform(static_cast<uint64_t>(100 * b + i)) - 0.5;
        sum += w * y.item(b)[i];
        if (dy != nullptr) dy->item(b)[i] = static_cast<float>(w);
      }
    }
    return sum;
  }

  double loss() {
    const Workspace::Mark mark = workspace.mark();
    CrossAttentionCache cache;
    const double sum = weighed(forward(cache), nullptr);
    workspace.rewind(mark);
    return sum;
  }

  std::vector<double> projected(const Conv1d& conv, const float* x) const {
    const std::vector<float> weight = checkpoint_values(parameters, conv.weight);  // [out, in, 1]
    std::vector<double> y;
    for (int64_t o = 0; o < conv.out_channels; ++o) {
      y.push_back(conv.bias ? parameters[conv.bias][static_cast<size_t>(o)] : 0.0);
      for (int64_t i = 0; i < conv.in_channels; ++i)
        y.back() += static_cast<double>(weight[static_cast<size_t>(o * conv.in_channels + i)]) * x[i];
    }
    return y;
  }
};

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0.0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace

TEST_CASE("cross attention: as it is defined, and padding is never read") {
  Layer layer;
  CrossAttentionCache cache;
  const Activations y = layer.forward(cache);
  REQUIRE(y.channels == kOut);
  for (int64_t n = 0; n < y.batch; ++n) {
    const AttendedFrames& to = layer.attended[static_cast<size_t>(n)];
    for (int64_t i = 0; i < y.length(n); ++i) {
      const std::vector<double> query = layer.projected(layer.attention.queries, layer.rows.view.frame(n, i));
      std::vector<double> context(kChannels, 0.0);
      double sum = 0.0;
      for (int64_t t = to.first_frame; t < to.end_frame; ++t) {
        const float* frame = layer.frames.view.frame(to.item, t);
        const double share =
            std::exp(dot(query, layer.projected(layer.attention.keys, frame)) / std::sqrt(kChannels));
        const std::vector<double> value = layer.projected(layer.attention.values, frame);
        for (size_t c = 0; c < context.size(); ++c) context[c] += share * value[c];
        sum += share;
      }
      for (int64_t o = 0; o < kOut; ++o) {
        double expected = 0.0;
        for (size_t c = 0; c < context.size() && sum > 0.0; ++c) {
          expected +=
              context[c] / sum * layer.parameters[layer.attention.output][c * kOut + static_cast<size_t>(o)];
        }
        CHECK(y.frame(n, i)[o] == doctest::Approx(expected).epsilon(1e-5));
      }
    }
  }
}

TEST_CASE("cross attention: its gradients are those of the outputs") {
  Layer layer;
  CrossAttentionCache cache;
  const Activations y = layer.forward(cache);
  const Activations dy = layer.workspace.push_like(y);
  layer.weighed(y, &dy);
  const Activations drows = layer.workspace.push_like(layer.rows.view);
  const Activations dframes = layer.workspace.push_like(layer.frames.view);
  layer.gradients.zero();
  cross_attention_backward(layer.attention, layer.pass(), cache, dy, layer.gradients, drows, dframes);
  const auto check = [&](float& value, float gradient) {
    const float kept = value;
    const float step = 1e-2F;
    value = kept + step;
    const double above = layer.loss();
    value = kept - step;
    const double below = layer.loss();
    value = kept;
    CHECK(gradient == doctest::Approx((above - below) / (2.0 * step)).epsilon(5e-3).scale(0.2));
  };
  for (size_t i = 0; i < layer.parameters.flat().size(); ++i)
    check(layer.parameters.flat()[i], layer.gradients.flat()[i]);
  for (const auto& [x, dx] : {std::pair{layer.rows.view, drows}, std::pair{layer.frames.view, dframes}}) {
    for (int64_t b = 0; b < x.batch; ++b) {
      for (int64_t i = 0; i < x.length(b) * x.channels; ++i) check(x.item(b)[i], dx.item(b)[i]);
    }
  }
}

TEST_CASE("cross attention: it begins with nothing, and nothing comes of no frames") {
  Layer layer;
  CrossAttentionCache cache;
  CHECK(layer.forward(cache).item(3)[0] == 0.0F);
  initialize_parameters(layer.parameters, 3);
  const Activations y = layer.forward(cache);
  for (int64_t i = 0; i < y.length(0) * kOut; ++i) CHECK(y.item(0)[i] == 0.0F);
}

TEST_CASE("cross attention: frames of no item are refused") {
  Layer layer;
  CrossAttentionCache cache;
  for (const AttendedFrames wrong :
       {AttendedFrames{2, 0, 1}, AttendedFrames{1, 0, 5}, AttendedFrames{0, -1, 3}}) {
    layer.attended[1] = wrong;
    CHECK_THROWS_AS(layer.forward(cache), InternalError);
  }
  layer.attended.pop_back();
  CHECK_THROWS_AS(layer.forward(cache), InternalError);
}
