#include "wav2vec/probe/head_trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "wav2vec/core/error.h"
#include "wav2vec/core/rng.h"
#include "wav2vec/train/optimizer.h"

namespace wav2vec {
namespace {

constexpr int64_t kJudgedAtOnce = 32;

std::vector<int64_t> shuffled(std::span<const int64_t> items, uint64_t seed, uint64_t epoch) {
  std::vector<int64_t> order(items.begin(), items.end());
  const RandomStream random(seed, RandomUse::shuffle, {epoch});
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i, i)]);
  return order;
}

/// Batches of utterances, epoch after epoch; a last batch that is not full ends the epoch.
class Batches {
 public:
  Batches(std::span<const int64_t> utterances, int64_t size, uint64_t seed)
      : utterances_(utterances), size_(static_cast<size_t>(size)), seed_(seed) {}

  std::span<const int64_t> next() {
    if (at_ >= order_.size()) {
      order_ = shuffled(utterances_, seed_, epoch_++);
      at_ = 0;
    }
    const size_t count = std::min(size_, order_.size() - at_);
    at_ += count;
    return std::span(order_).subspan(at_ - count, count);
  }

 private:
  std::span<const int64_t> utterances_;
  size_t size_;
  uint64_t seed_;
  uint64_t epoch_ = 0;
  std::vector<int64_t> order_;
  size_t at_ = 0;
};

std::vector<const std::vector<int32_t>*> labels_of(const ProbeTargets& targets,
                                                   std::span<const int64_t> utterances) {
  std::vector<const std::vector<int32_t>*> labels;
  for (const int64_t u : utterances) labels.push_back(&targets.labels[static_cast<size_t>(u)]);
  return labels;
}

/// Parameters with what Adam needs for them.
struct Trained {
  ParameterBlock* parameters;
  ParameterBlock gradients;
  AdamState adam;
  std::vector<float> kept;

  explicit Trained(ParameterBlock& block)
      : parameters(&block), gradients(block.layout()), adam(block.layout()) {
    keep();
  }
  void keep() { kept.assign(parameters->flat().begin(), parameters->flat().end()); }
  void restore() { std::ranges::copy(kept, parameters->flat().begin()); }
};

double error_rate(const std::vector<std::vector<ErrorCounts>>& counts) {
  ErrorCounts sum;
  for (const std::vector<ErrorCounts>& utterance : counts) sum += utterance[0];
  return sum.rate();
}

}  // namespace

std::unique_ptr<TrainedHead> train_head(const ProbeRecipe& recipe, const ProbeInputs& inputs,
                                        const ProbeTargets& targets, const ProbeDecoder& decoder,
                                        const HeadTraining& training,
                                        const std::function<bool()>& stop_requested) {
  auto trained = std::make_unique<TrainedHead>();
  trained->head = make_probe_head(trained->layout, recipe.head, inputs.layers, inputs.channels,
                                  std::ssize(targets.classes));
  trained->layout.freeze();
  trained->parameters = std::make_unique<ParameterBlock>(trained->layout);
  initialize_parameters(*trained->parameters, training.seed);

  Trained head(*trained->parameters);
  std::unique_ptr<Trained> network;
  if (inputs.tuned != nullptr) network = std::make_unique<Trained>(*inputs.tuned);
  const OptimConfig adam{.optimizer = OptimizerKind::adamw};
  Workspace workspace;
  Batches batches(training.train, recipe.train.batch_utterances, training.seed);
  trained->dev_error = std::numeric_limits<double>::infinity();

  const int64_t updates = recipe.train.updates;
  const int64_t evaluations = std::min(recipe.train.evaluations, updates);
  for (int64_t update = 0; update < updates && !stop_requested(); ++update) {
    const std::span<const int64_t> batch = batches.next();
    const Workspace::Mark mark = workspace.mark();
    const Pass pass{*trained->parameters, workspace};
    const Activations x = inputs.forward(batch, workspace);
    ProbeHeadCache cache;
    const Activations logits = probe_head_forward(trained->head, pass, x, cache);
    const Activations dlogits = workspace.push_like(logits);
    const double loss = probe_loss(decoder.task, logits, labels_of(targets, batch), dlogits);
    head.gradients.zero();
    if (network) network->gradients.zero();
    const Activations dx = network ? workspace.push_like(x) : Activations{};
    probe_head_backward(trained->head, pass, cache, dlogits, head.gradients, network ? &dx : nullptr);
    if (network) inputs.backward(dx, network->gradients);
    workspace.rewind(mark);

    const double norm = std::hypot(gradient_norm(head.gradients.flat()),
                                   network ? gradient_norm(network->gradients.flat()) : 0.0);
    if (!std::isfinite(loss) || !std::isfinite(norm))
      throw NumericError(
          fmt::format("probe: the loss is not finite at update {} with learning rate {}; lower "
                      "train.learning_rates or set train.clip_norm",
                      update + 1, training.learning_rate));
    const double phase = static_cast<double>(update) / static_cast<double>(updates);
    const double rate = training.learning_rate * 0.5 * (1.0 + std::cos(std::numbers::pi * phase));
    const auto apply = [&](Trained& block, double block_rate) {
      scale_gradients(block.gradients.flat(), clip_factor(norm, recipe.train.clip_norm));
      adam_update(adam, block_rate, *block.parameters, block.gradients, block.adam);
    };
    apply(head, rate);
    if (network) apply(*network, rate * recipe.train.tuned_rate_factor);

    // Evenly over the training, the last update included.
    if ((update + 1) * evaluations / updates == update * evaluations / updates) continue;
    const double error =
        error_rate(judge_utterances(*trained, inputs, targets, decoder, training.dev, /*quick=*/true));
    if (error > trained->dev_error) continue;
    trained->dev_error = error;
    trained->kept_update = update + 1;
    head.keep();
    if (network) network->keep();
  }
  head.restore();
  if (network) network->restore();
  return trained;
}

std::vector<std::vector<ErrorCounts>> judge_utterances(const TrainedHead& trained, const ProbeInputs& inputs,
                                                       const ProbeTargets& targets,
                                                       const ProbeDecoder& decoder,
                                                       std::span<const int64_t> utterances, bool quick) {
  std::vector<std::vector<ErrorCounts>> counts(utterances.size());
  Workspace workspace;
  for (size_t first = 0; first < utterances.size(); first += kJudgedAtOnce) {
    const auto batch = utterances.subspan(first, std::min<size_t>(kJudgedAtOnce, utterances.size() - first));
    const Workspace::Mark mark = workspace.mark();
    const Pass pass{*trained.parameters, workspace};
    ProbeHeadCache cache;
    const Activations logits =
        probe_head_forward(trained.head, pass, inputs.forward(batch, workspace), cache);
#pragma omp parallel for schedule(dynamic)
    for (int64_t b = 0; b < logits.batch; ++b) {
      const auto u = static_cast<size_t>(batch[static_cast<size_t>(b)]);
      counts[first + static_cast<size_t>(b)] =
          judge(decoder, targets, logits.item(b), logits.length(b), targets.labels[u],
                targets.texts.empty() ? std::string() : targets.texts[u], quick);
    }
    workspace.rewind(mark);
  }
  return counts;
}

}  // namespace wav2vec
