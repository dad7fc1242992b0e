#include "wav2vec/model/wav2vec_model.h"

#include "kernels/elementwise.h"
#include "wav2vec/nn/convert.h"

namespace wav2vec {
namespace {

// Names of the dropout masks beside those of the context blocks, which count from 0.
constexpr uint64_t kFeatureDropout = 1000;
constexpr uint64_t kContextDropout = 1001;

}  // namespace

Wav2VecModel make_wav2vec_model(const ModelConfig& config, ParameterLayout& layout) {
  config.validate();
  return {config, make_conv_encoder(config, layout), make_context_network(config, layout)};
}

std::vector<Conv1d> convolutions_of(const Wav2VecModel& model) {
  std::vector<Conv1d> out;
  for (const EncoderBlock& block : model.encoder.blocks) out.push_back(block.conv);
  for (const ContextBlock& block : model.context.blocks) {
    out.push_back(block.conv);
    if (block.has_projection) out.push_back(block.residual_projection);
  }
  return out;
}

Activations context_from_features(const Wav2VecModel& model, const Pass& pass, const Activations& z,
                                  ContextCache* cache) {
  Activations input = z;
  if (pass.random != nullptr && model.config.dropout_features > 0.0) {
    // The objective sees z without dropout, so the context network gets a copy.
    input = pass.workspace.push_like(z);
    convert(z, input);
    apply_dropout(input, model.config.dropout_features, kFeatureDropout, *pass.random);
  }
  const Activations c = context_forward(model.context, pass, input, cache);
  if (pass.random != nullptr) apply_dropout(c, model.config.dropout_context, kContextDropout, *pass.random);
  return c;
}

void context_from_features_backward(const Wav2VecModel& model, const Pass& pass, const ContextCache& cache,
                                    const Activations& dc, const GradientTarget& gradients,
                                    const Activations& dz) {
  if (pass.random != nullptr) apply_dropout(dc, model.config.dropout_context, kContextDropout, *pass.random);
  context_backward(model.context, pass, cache, dc, gradients, dz);
  if (pass.random != nullptr) apply_dropout(dz, model.config.dropout_features, kFeatureDropout, *pass.random);
}

Wav2VecFeatures wav2vec_forward(const Wav2VecModel& model, const Pass& pass, const Activations& waveform,
                                Wav2VecCache* cache) {
  Wav2VecFeatures features;
  features.z = encoder_forward(model.encoder, pass, waveform, cache != nullptr ? &cache->encoder : nullptr);
  features.c = context_from_features(model, pass, features.z, cache != nullptr ? &cache->context : nullptr);
  return features;
}

void wav2vec_backward(const Wav2VecModel& model, const Pass& pass, const Wav2VecCache& cache,
                      const Activations& dz, const Activations& dc, const GradientTarget& gradients) {
  const Workspace::Mark mark = pass.workspace.mark();
  const Activations through_context = pass.workspace.push_like(dz);
  context_from_features_backward(model, pass, cache.context, dc, gradients, through_context);
  for (int64_t b = 0; b < dz.batch; ++b)
    kernels::add_scaled(dz.item(b), through_context.item(b), dz.length(b) * dz.channels, 1.0F);
  encoder_backward(model.encoder, pass, cache.encoder, dz, gradients);
  pass.workspace.rewind(mark);
}

}  // namespace wav2vec
