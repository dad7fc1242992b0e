#include "wav2vec/model/contrastive_objective.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "kernels/thread_scratch.h"
#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr uint64_t kPredictionDropout = 1002;

// One target frame τ: the steps i that can predict it (from t = τ − offset − i) and the rows they score.
struct Target {
  int64_t frame = 0;
  int64_t steps = 0;
};

// Everything about one item that the loops over targets need.
struct Item {
  const ContrastiveObjective& objective;
  const NegativeTable& negatives;
  const Activations& z;
  int64_t b = 0;
  int64_t frames = 0;
  Activations predictions;  ///< h: one item of [frames, steps·channels]
  Activations gradients;    ///< dh, like h

  int64_t copies() const { return 1 + negatives.negatives; }
  int64_t channels() const { return objective.encoder_channels; }
  int64_t targets() const { return std::max<int64_t>(0, frames - objective.offset); }
  Target target(int64_t index) const {
    return {objective.offset + index, std::min(objective.config.prediction_steps, index + 1)};
  }
  int64_t context_frame(Target target, int64_t step) const { return target.frame - objective.offset - step; }
  /// Where the row of (t, step) lies in h and dh, in elements.
  int64_t prediction(int64_t t, int64_t step) const {
    return (t * objective.config.prediction_steps + step) * channels();
  }
  int64_t positive_row(Target target) const { return b * z.frames + target.frame; }
  int64_t row(Target target, int64_t copy) const {
    return copy == 0 ? positive_row(target) : negatives.row(b, copy - 1, target.frame);
  }
};

// Loss of one positive and its negatives, and d(loss)/d(logit). Returns the loss in nats.
double score_bce(const ObjectiveConfig& config, const float* logits, int64_t copies, float* dlogits) {
  const double negative_weight =
      config.balanced_classes && config.negatives > 0 ? 1.0 / static_cast<double>(config.negatives) : 1.0;
  double loss = 0.0;
  for (int64_t copy = 0; copy < copies; ++copy) {
    const auto x = static_cast<double>(logits[copy]);
    const double sign = copy == 0 ? -1.0 : 1.0;  // softplus(−x) for the positive, softplus(x) for a negative
    const double weight = copy == 0 ? 1.0 : negative_weight;
    const double e = std::exp(-std::fabs(x));
    loss += weight * (std::max(sign * x, 0.0) + std::log1p(e));
    const double sigmoid = x >= 0.0 ? 1.0 / (1.0 + e) : e / (1.0 + e);
    dlogits[copy] = static_cast<float>(weight * (copy == 0 ? sigmoid - 1.0 : sigmoid));
  }
  return loss;
}

double score_infonce(const float* logits, int64_t copies, float* dlogits) {
  const double top = *std::max_element(logits, logits + copies);
  double sum = 0.0;
  for (int64_t copy = 0; copy < copies; ++copy) sum += std::exp(static_cast<double>(logits[copy]) - top);
  const double log_sum = top + std::log(sum);
  for (int64_t copy = 0; copy < copies; ++copy)
    dlogits[copy] = static_cast<float>(std::exp(static_cast<double>(logits[copy]) - log_sum));
  dlogits[0] -= 1.0F;
  return log_sum - static_cast<double>(logits[0]);
}

bool is_hit(const Item& item, Target target, const float* logits) {
  const int64_t positive = item.positive_row(target);
  for (int64_t copy = 1; copy < item.copies(); ++copy) {
    if (item.row(target, copy) != positive && !(logits[0] > logits[copy])) return false;
  }
  return true;
}

void read_row(const Activations& h, int64_t first, int64_t count, float* out) {
  if (h.dtype == DType::f32) {
    std::copy_n(h.item(0) + first, count, out);
    return;
  }
  const Bf16* row = h.bf16_item(0) + first;
  for (int64_t i = 0; i < count; ++i) out[i] = to_float(row[i]);
}

void write_row(const float* values, int64_t count, const Activations& h, int64_t first) {
  if (h.dtype == DType::f32) {
    std::copy_n(values, count, h.item(0) + first);
    return;
  }
  Bf16* row = h.bf16_item(0) + first;
  for (int64_t i = 0; i < count; ++i) row[i] = to_bf16(values[i]);
}

// Memory of one thread for one target at a time, as dense matrices.
struct TargetMatrices {
  float* predictions;   // h, [steps, channels]
  float* dpredictions;  // [steps, channels]
  float* candidates;    // [copies, channels]
  float* logits;        // [steps, copies]

  explicit TargetMatrices(const Item& item) {
    const int64_t steps = item.objective.config.prediction_steps;
    const int64_t wide = steps * item.channels();
    const int64_t count = 2 * wide + item.copies() * item.channels() + steps * item.copies();
    predictions = static_cast<float*>(
        kernels::thread_scratch(kernels::ScratchSlot::operand, static_cast<size_t>(count) * sizeof(float)));
    dpredictions = predictions + wide;
    candidates = dpredictions + wide;
    logits = candidates + item.copies() * item.channels();
  }
};

// Fills predictions and candidates.
void gather(const Item& item, Target target, const TargetMatrices& to) {
  const int64_t channels = item.channels();
  for (int64_t i = 0; i < target.steps; ++i)
    read_row(item.predictions, item.prediction(item.context_frame(target, i), i), channels,
             to.predictions + i * channels);
  for (int64_t copy = 0; copy < item.copies(); ++copy)
    std::copy_n(item.z.item(0) + item.row(target, copy) * channels, channels,
                to.candidates + copy * channels);
}

struct ItemScores {
  std::span<double> loss_per_target;
  std::span<uint8_t> hits;  // [targets, steps]

  ItemScores(const Item& item, Workspace& workspace)
      : loss_per_target(workspace.push_doubles(item.targets())),
        hits(workspace.push_array<uint8_t>(item.targets() * item.objective.config.prediction_steps)) {}
};

// Targets are scored in chunks, so that what they leave for dz stays in the cache.
constexpr int64_t kTargetsPerChunk = 128;

struct Chunk {
  int64_t first = 0;
  int64_t targets = 0;
  float* dlogits = nullptr;      // [targets, steps, copies]
  float* dcandidates = nullptr;  // [targets, copies, channels]; null: evaluation
};

// Scores the targets of a chunk. With gradients, dh and dcandidates are written too: every (t, i) and every
// (target, copy) belongs to one target, so no two threads write the same row.
void score_targets(const Item& item, const Chunk& chunk, const ItemScores& scores, ItemLogits* logits_out) {
  const int64_t max_steps = item.objective.config.prediction_steps;
  const int64_t copies = item.copies();
  const int64_t channels = item.channels();
  const bool infonce = item.objective.config.loss == ContrastiveLoss::infonce;
#pragma omp parallel
  {
    const TargetMatrices memory(item);
#pragma omp for schedule(static)
    for (int64_t row_in_chunk = 0; row_in_chunk < chunk.targets; ++row_in_chunk) {
      const int64_t index = chunk.first + row_in_chunk;
      const Target target = item.target(index);
      gather(item, target, memory);
      const Eigen::Map<const Matrix> predictions(memory.predictions, target.steps, channels);
      const Eigen::Map<const Matrix> candidates(memory.candidates, copies, channels);
      Eigen::Map<Matrix> logits(memory.logits, target.steps, copies);
      logits.noalias() = predictions * candidates.transpose();
      double loss = 0.0;
      for (int64_t i = 0; i < target.steps; ++i) {
        const float* row = logits.row(i).data();
        float* gradient = chunk.dlogits + (row_in_chunk * max_steps + i) * copies;
        loss += infonce ? score_infonce(row, copies, gradient)
                        : score_bce(item.objective.config, row, copies, gradient);
        scores.hits[static_cast<size_t>(index * max_steps + i)] = is_hit(item, target, row) ? 1 : 0;
        if (logits_out != nullptr) {
          std::copy_n(row, copies,
                      logits_out->values.begin() + (item.context_frame(target, i) * max_steps + i) * copies);
        }
      }
      scores.loss_per_target[static_cast<size_t>(index)] = loss;
      if (chunk.dcandidates == nullptr) continue;
      const Eigen::Map<const Matrix> dlogits(chunk.dlogits + row_in_chunk * max_steps * copies, target.steps,
                                             copies);
      Eigen::Map<Matrix> dpredictions(memory.dpredictions, target.steps, channels);
      dpredictions.noalias() = dlogits * candidates;
      for (int64_t i = 0; i < target.steps; ++i) {
        write_row(dpredictions.row(i).data(), channels, item.gradients,
                  item.prediction(item.context_frame(target, i), i));
      }
      Eigen::Map<Matrix> dcandidates(chunk.dcandidates + row_in_chunk * copies * channels, copies, channels);
      dcandidates.noalias() = dlogits.transpose() * predictions;
    }
  }
}

// Predictions beyond the last frame have no target.
void zero_gradients_without_target(const Item& item, Workspace& workspace) {
  const int64_t steps = item.objective.config.prediction_steps;
  const Workspace::Mark mark = workspace.mark();
  const std::span<float> zeros = workspace.push_floats(item.channels());
  std::ranges::fill(zeros, 0.0F);
  for (int64_t i = 0; i < steps; ++i) {
    for (int64_t t = std::max<int64_t>(0, item.frames - item.objective.offset - i); t < item.frames; ++t)
      write_row(zeros.data(), item.channels(), item.gradients, item.prediction(t, i));
  }
  workspace.rewind(mark);
}

// dz[row] += Σ over the (target, copy) that use the row. The uses are listed per row first, so that each row
// is summed by one thread in a fixed order.
void accumulate_dz(const Item& item, const Chunk& chunk, const Activations& dz, Workspace& workspace) {
  const Workspace::Mark mark = workspace.mark();
  const int64_t rows = item.z.batch * item.z.frames;
  const int64_t copies = item.copies();
  const std::span<int64_t> start = workspace.push_integers(rows + 1);
  std::ranges::fill(start, 0);
  for (int64_t index = 0; index < chunk.targets; ++index) {
    for (int64_t copy = 0; copy < copies; ++copy)
      ++start[static_cast<size_t>(item.row(item.target(chunk.first + index), copy)) + 1];
  }
  for (size_t row = 1; row < start.size(); ++row) start[row] += start[row - 1];
  const std::span<int64_t> uses = workspace.push_integers(start.back());  // rows of dcandidates
  const std::span<int64_t> next = workspace.push_integers(rows);
  std::copy_n(start.begin(), rows, next.begin());
  for (int64_t index = 0; index < chunk.targets; ++index) {
    for (int64_t copy = 0; copy < copies; ++copy) {
      const auto row = static_cast<size_t>(item.row(item.target(chunk.first + index), copy));
      uses[static_cast<size_t>(next[row]++)] = index * copies + copy;
    }
  }
  const int64_t channels = item.channels();
#pragma omp parallel for schedule(dynamic, 16)
  for (int64_t row = 0; row < rows; ++row) {
    float* out = dz.item(0) + row * channels;
    for (int64_t u = start[static_cast<size_t>(row)]; u < start[static_cast<size_t>(row) + 1]; ++u) {
      const float* use = chunk.dcandidates + uses[static_cast<size_t>(u)] * channels;
      for (int64_t d = 0; d < channels; ++d) out[d] += use[d];
    }
  }
  workspace.rewind(mark);
}

// Adds up one item's scores; serial, so that the sums have one order.
void add_scores(const Item& item, const ItemScores& scores, ObjectiveSums& sums) {
  const int64_t max_steps = item.objective.config.prediction_steps;
  for (int64_t index = 0; index < item.targets(); ++index) {
    const Target target = item.target(index);
    sums.loss_nats += scores.loss_per_target[static_cast<size_t>(index)];
    sums.positives += target.steps;
    for (int64_t i = 0; i < target.steps; ++i) {
      ++sums.positives_per_step[static_cast<size_t>(i)];
      sums.hits_per_step[static_cast<size_t>(i)] += scores.hits[static_cast<size_t>(index * max_steps + i)];
    }
  }
}

}  // namespace

ContrastiveObjective make_contrastive_objective(const ObjectiveConfig& config, const ModelConfig& model,
                                                ParameterLayout& layout) {
  config.validate();
  ContrastiveObjective objective{.config = config,
                                 .offset = prediction_offset(config, model),
                                 .context_channels = model.context_channels.back(),
                                 .encoder_channels = model.encoder_channels.back(),
                                 .dropout = model.dropout,
                                 .projection = {}};
  const std::string scope = "wav2vec_predictions.project_to_steps";
  // PyTorch takes the fan-in of a transposed convolution from dimension 1 of its weight.
  const double bound =
      1.0 / std::sqrt(static_cast<double>(objective.encoder_channels * config.prediction_steps));
  objective.projection = {.in_channels = objective.context_channels,
                          .out_channels = config.prediction_steps * objective.encoder_channels,
                          .kernel = 1,
                          .stride = 1,
                          .weight = {},
                          .bias = {}};
  objective.projection.weight = layout.add(
      {.name = scope + ".weight",
       .shape = {objective.context_channels, objective.encoder_channels, 1, config.prediction_steps},
       .order = WeightOrder::step_projection,
       .init = ParameterInit::uniform,
       .init_bound = bound});
  objective.projection.bias = layout.add({.name = scope + ".bias",
                                          .shape = {objective.encoder_channels},
                                          .init = ParameterInit::uniform,
                                          .init_bound = bound});
  return objective;
}

ObjectiveSums& ObjectiveSums::operator+=(const ObjectiveSums& other) {
  loss_nats += other.loss_nats;
  positives += other.positives;
  labels += other.labels;
  positives_per_step.resize(std::max(positives_per_step.size(), other.positives_per_step.size()));
  hits_per_step.resize(positives_per_step.size());
  for (size_t i = 0; i < other.positives_per_step.size(); ++i) {
    positives_per_step[i] += other.positives_per_step[i];
    hits_per_step[i] += other.hits_per_step[i];
  }
  return *this;
}

int64_t divisor(const ObjectiveSums& sums, LossDivisor kind) {
  return kind == LossDivisor::positives ? sums.positives : sums.labels;
}

ObjectiveSums contrastive_pass(const ContrastiveObjective& objective, const Pass& pass, const Activations& z,
                               const Activations& c, const NegativeTable& negatives,
                               ObjectiveGradients* gradients, std::vector<ItemLogits>* logits) {
  W2V_CHECK(negatives.frames == z.frames, "the negatives were drawn for another batch");
  const int64_t steps = objective.config.prediction_steps;
  const int64_t channels = objective.encoder_channels;
  const int64_t width = steps * channels;
  ObjectiveSums sums;
  sums.positives_per_step.assign(static_cast<size_t>(steps), 0);
  sums.hits_per_step.assign(static_cast<size_t>(steps), 0);
  if (logits != nullptr) logits->assign(static_cast<size_t>(z.batch), {});
  const Workspace::Mark mark = pass.workspace.mark();

  for (int64_t b = 0; b < z.batch; ++b) {
    const int64_t frames = z.lengths[static_cast<size_t>(b)];
    const int64_t lengths[1] = {frames};
    const Activations h = pass.workspace.push(1, frames, width, lengths, pass.dtype());
    const Activations context{c.item(b), 1, frames, c.channels, lengths};
    conv1d_forward(objective.projection, pass, {context}, h);
    TrainingRandom item_random;
    if (pass.random != nullptr) {
      item_random = {pass.random->seed, pass.random->item_keys.subspan(static_cast<size_t>(b), 1)};
      apply_dropout(h, objective.dropout, kPredictionDropout, item_random);
    }

    Item item{objective, negatives, z, b, frames, h, {}};
    const int64_t scored = std::min(kTargetsPerChunk, item.targets()) * item.copies();
    Chunk chunk{0, 0, pass.workspace.push_floats(scored * steps).data(), nullptr};
    if (gradients != nullptr) {
      item.gradients = pass.workspace.push_like(h);
      chunk.dcandidates = pass.workspace.push_floats(scored * channels).data();
    }
    ItemLogits* item_logits = nullptr;
    if (logits != nullptr) {
      item_logits = &(*logits)[static_cast<size_t>(b)];
      *item_logits = {frames, steps, item.copies(), {}};
      item_logits->values.assign(static_cast<size_t>(frames * steps * item.copies()), 0.0F);
    }
    const ItemScores scores(item, pass.workspace);
    for (; chunk.first < item.targets(); chunk.first += kTargetsPerChunk) {
      chunk.targets = std::min(kTargetsPerChunk, item.targets() - chunk.first);
      score_targets(item, chunk, scores, item_logits);
      if (gradients != nullptr) accumulate_dz(item, chunk, gradients->dz, pass.workspace);
    }
    add_scores(item, scores, sums);
    if (gradients != nullptr) {
      zero_gradients_without_target(item, pass.workspace);
      if (pass.random != nullptr)
        apply_dropout(item.gradients, objective.dropout, kPredictionDropout, item_random);
      const Activations dc{gradients->dc.item(b), 1, frames, c.channels, lengths};
      conv1d_backward(objective.projection, pass, {context}, item.gradients,
                      b == 0 ? gradients->parameters : accumulating(gradients->parameters), &dc);
    }
    pass.workspace.rewind(mark);
  }
  if (gradients != nullptr)
    tell_ready(gradients->parameters, {objective.projection.weight, objective.projection.bias});
  sums.labels = sums.positives * (1 + negatives.negatives);
  return sums;
}

}  // namespace wav2vec
