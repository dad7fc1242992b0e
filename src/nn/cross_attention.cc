#include "wav2vec/nn/cross_attention.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "wav2vec/core/error.h"
#include "wav2vec/nn/accumulate.h"

namespace wav2vec {
namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Map = Eigen::Map<Matrix>;
using ConstMap = Eigen::Map<const Matrix>;
// The shares of one sequence are narrower than those of the one that attends to most.
using Rows = Eigen::Map<Matrix, 0, Eigen::OuterStride<>>;

Map matrix_of(const Activations& x, int64_t item) { return {x.item(item), x.length(item), x.channels}; }

Map attended_of(const Activations& x, const AttendedFrames& attended) {
  return {x.frame(attended.item, attended.first_frame), attended.count(), x.channels};
}

Rows shares_of(const CrossAttentionCache& cache, int64_t sequence) {
  const Activations& shares = cache.shares;
  return {shares.item(sequence), shares.length(sequence),
          cache.attended[static_cast<size_t>(sequence)].count(), Eigen::OuterStride<>(shares.channels)};
}

ConstMap output_of(const CrossAttention& attention, const Pass& pass) {
  return {pass.parameters.data(attention.output), attention.channels(), attention.out_channels};
}

float scale_of(const CrossAttention& attention) {
  return 1.0F / std::sqrt(static_cast<float>(attention.channels()));
}

Activations projected(const Conv1d& conv, const Pass& pass, const Activations& x) {
  const Activations y = pass.workspace.push(x.batch, x.frames, conv.out_channels, x.lengths);
  conv1d_forward(conv, pass, {x}, y);
  return y;
}

// In place, of scale · row. Eigen's exp is another one at the ends of a row, which depend on where it lies.
void softmax(float scale, int64_t count, float* row) {
  const float top = *std::max_element(row, row + count);
  double sum = 0.0;
  for (int64_t t = 0; t < count; ++t) sum += row[t] = std::exp(scale * (row[t] - top));
  for (int64_t t = 0; t < count; ++t) row[t] = static_cast<float>(row[t] / sum);
}

}  // namespace

CrossAttention make_cross_attention(ParameterLayout& layout, const std::string& scope, int64_t row_channels,
                                    int64_t frame_channels, int64_t channels, int64_t out_channels) {
  return {.queries = make_conv1d(layout, scope + ".queries", row_channels, channels, 1, 1, true),
          .keys = make_conv1d(layout, scope + ".keys", frame_channels, channels, 1, 1, false),
          .values = make_conv1d(layout, scope + ".values", frame_channels, channels, 1, 1, true),
          .output = layout.add(
              {.name = scope + ".output", .shape = {channels, out_channels}, .init = ParameterInit::zeros}),
          .out_channels = out_channels};
}

Activations cross_attention_forward(const CrossAttention& attention, const Pass& pass,
                                    const Activations& rows, const Activations& frames,
                                    std::span<const AttendedFrames> attended, CrossAttentionCache& cache) {
  W2V_CHECK(std::ssize(attended) == rows.batch, "frames for every sequence");
  int64_t most = 0;
  for (const AttendedFrames& one : attended) {
    W2V_CHECK(one.count() == 0 || (one.item >= 0 && one.item < frames.batch && one.first_frame >= 0 &&
                                   one.end_frame <= frames.length(one.item)),
              "frames of the item");
    most = std::max(most, one.count());
  }
  const Pass f32{pass.parameters, pass.workspace, pass.random};
  const auto push = [&](int64_t channels) {
    return pass.workspace.push(rows.batch, rows.frames, channels, rows.lengths);
  };
  const Activations y = push(attention.out_channels);
  cache = {.rows = rows,
           .frames = frames,
           .attended = attended,
           .queries = projected(attention.queries, f32, rows),
           .keys = projected(attention.keys, f32, frames),
           .values = projected(attention.values, f32, frames),
           .shares = push(most),
           .context = push(attention.channels())};
  const ConstMap output = output_of(attention, pass);
  for (int64_t n = 0; n < rows.batch; ++n) {
    const AttendedFrames& to = attended[static_cast<size_t>(n)];
    if (to.count() == 0) {
      matrix_of(cache.context, n).setZero();
      matrix_of(y, n).setZero();
      continue;
    }
    Rows shares = shares_of(cache, n);
    shares.noalias() = matrix_of(cache.queries, n) * attended_of(cache.keys, to).transpose();
    for (int64_t i = 0; i < shares.rows(); ++i) softmax(scale_of(attention), shares.cols(), &shares(i, 0));
    matrix_of(cache.context, n).noalias() = shares * attended_of(cache.values, to);
    matrix_of(y, n).noalias() = matrix_of(cache.context, n) * output;
  }
  return y;
}

void cross_attention_backward(const CrossAttention& attention, const Pass& pass,
                              const CrossAttentionCache& cache, const Activations& dy,
                              ParameterBlock& gradients, const Activations& drows,
                              const Activations& dframes) {
  const Workspace::Mark mark = pass.workspace.mark();
  const Activations dqueries = pass.workspace.push_like(cache.queries);
  const Activations dkeys = pass.workspace.push_like(cache.keys);
  const Activations dvalues = pass.workspace.push_like(cache.values);
  for (const Activations& d : {dqueries, dkeys, dvalues}) set_zero(d);
  const ConstMap output = output_of(attention, pass);
  Map doutput(gradients.data(attention.output), attention.channels(), attention.out_channels);
  for (int64_t n = 0; n < dy.batch; ++n) {
    const AttendedFrames& to = cache.attended[static_cast<size_t>(n)];
    if (to.count() == 0) continue;
    doutput.noalias() += matrix_of(cache.context, n).transpose() * matrix_of(dy, n);
    const Matrix dcontext = matrix_of(dy, n) * output.transpose();
    const Rows shares = shares_of(cache, n);
    attended_of(dvalues, to).noalias() += shares.transpose() * dcontext;
    Matrix dscores = dcontext * attended_of(cache.values, to).transpose();
    // Through the softmax.
    const Eigen::VectorXf means = dscores.cwiseProduct(shares).rowwise().sum();
    dscores = (dscores.colwise() - means).cwiseProduct(shares) * scale_of(attention);
    matrix_of(dqueries, n).noalias() = dscores * attended_of(cache.keys, to);
    attended_of(dkeys, to).noalias() += dscores.transpose() * matrix_of(cache.queries, n);
  }
  const Pass f32{pass.parameters, pass.workspace, pass.random};
  conv1d_backward(attention.queries, f32, {cache.rows}, dqueries, gradients, &drows);
  conv1d_backward(attention.keys, f32, {cache.frames}, dkeys, gradients, &dframes);
  const Activations from_values = pass.workspace.push_like(dframes);
  conv1d_backward(attention.values, f32, {cache.frames}, dvalues, gradients, &from_values);
  add_to(dframes, from_values);
  pass.workspace.rewind(mark);
}

}  // namespace wav2vec
