#include "wav2vec/model/layer_inference.h"

#include <algorithm>
#include <array>
#include <vector>

#include "kernels/elementwise.h"
#include "model/row_source.h"
#include "wav2vec/core/error.h"
#include "wav2vec/nn/convert.h"
#include "wav2vec/nn/residual.h"

namespace wav2vec {
namespace {

// The output of one block.
struct Layer {
  const Conv1d* conv = nullptr;
  int64_t frames = 0;
  DType dtype = DType::f32;
  ScratchArray array;  // empty: computed again when it is read
  bool kept = false;
  const GroupNormActivation* norm = nullptr;  // what is still to be done by whoever reads; null: nothing
  std::array<float, 2> statistics{};

  int64_t channels() const { return conv->out_channels; }
};

// What a reader of a layer sees: z is the last encoder block and its logarithm.
struct LayerValues {
  Layer* layer = nullptr;
  bool log_compressed = false;
};

// out = the finished values of rows that were read from the layer.
void finish(const LayerValues& values, const Pass& pass, const RowView& raw, const RowView& out) {
  const OneItem x(raw);
  const OneItem y(out);
  if (values.layer->norm != nullptr) {
    group_norm_forward(*values.layer->norm, pass, *x, values.layer->statistics, *y);
  } else {
    convert(*x, *y);
  }
  if (values.log_compressed) {
    auto* data = static_cast<float*>(out.data);
    kernels::log_compress(data, out.frames * out.channels, data);
  }
}

// Finished values as f32 behind `pad_frames` rows of padding: what a causal convolution reads.
class PaddedRows final : public RowSource {
 public:
  PaddedRows(std::unique_ptr<RowSource> source, LayerValues values, const Pass& pass, int64_t pad_frames,
             PadValue padding)
      : source_(std::move(source)),
        values_(values),
        pass_(pass),
        pad_frames_(pad_frames),
        padding_(padding) {}

  RowView rows(int64_t first, int64_t count) override {
    const int64_t channels = values_.layer->channels();
    buffer_.resize(static_cast<size_t>(std::max<int64_t>(count * channels, std::ssize(buffer_))));
    const RowView out{buffer_.data(), count, channels, DType::f32};
    const int64_t pad = std::clamp<int64_t>(pad_frames_ - first, 0, count);
    const int64_t from = std::max<int64_t>(0, first - pad_frames_);
    if (pad > 0) fill(out.slice(0, pad));
    if (pad < count) finish(values_, pass_, source_->rows(from, count - pad), out.slice(pad, count - pad));
    return out;
  }

 private:
  void fill(const RowView& out) {
    auto* row = static_cast<float*>(out.data);
    if (padding_ == PadValue::zero) {
      std::fill_n(row, out.frames * out.channels, 0.0F);
      return;
    }
    finish(values_, pass_, source_->rows(0, 1), out.slice(0, 1));
    for (int64_t t = 1; t < out.frames; ++t) std::copy_n(row, out.channels, row + t * out.channels);
  }

  std::unique_ptr<RowSource> source_;
  LayerValues values_;
  const Pass& pass_;
  int64_t pad_frames_;
  PadValue padding_;
  LargeVector<float> buffer_;
};

DType output_dtype(const ConvEncoder& encoder, DType dtype, size_t block) {
  return block + 1 == encoder.blocks.size() ? DType::f32 : dtype;
}

class Inference {
 public:
  Inference(const Wav2VecModel& model, const Pass& pass, ScratchSpace& scratch, const SampleRows& waveform,
            int64_t chunk_frames, int64_t first_kept_block)
      : encoder_(model.encoder),
        context_(model.context),
        pass_(pass),
        scratch_(scratch),
        waveform_(waveform),
        chunk_frames_(chunk_frames),
        first_kept_(static_cast<size_t>(first_kept_block)) {
    W2V_CHECK(chunk_frames_ > 0 && chunk_frames_ % kTileFrames == 0, "chunks are made of whole tiles");
    int64_t frames = waveform.samples;
    for (const EncoderBlock& block : encoder_.blocks) {
      // What a skip connection adds up is not computed again.
      if (block.skip) first_kept_ = std::min(first_kept_, layers_.size());
      frames = block.conv.output_frames(frames);
      layers_.push_back(make_layer(block.conv, frames));
    }
    W2V_CHECK(frames > 0, "shorter than the receptive field");
    for (const ContextBlock& block : context_.blocks) layers_.push_back(make_layer(block.conv, frames));
  }

  size_t encoder_blocks() const { return encoder_.blocks.size(); }

  void compute(size_t index) {
    if (index < encoder_blocks()) {
      compute_encoder_block(index);
    } else {
      compute_context_block(index - encoder_blocks());
    }
    if (index > 0) layers_[index - 1].array = {};
  }

  // Of the layer that was computed last.
  LayerRows read(size_t index, bool log_compressed, std::unique_ptr<RowSource>& source) {
    source = open(index);
    const LayerValues values{&layers_[index], log_compressed};
    const Layer& layer = layers_[index];
    return {layer.frames, layer.channels(),
            [this, values, from = source.get()](int64_t first, int64_t count, float* out) {
              const int64_t channels = values.layer->channels();
              for (int64_t t = 0; t < count; t += chunk_frames_) {
                const int64_t frames = std::min(chunk_frames_, count - t);
                finish(values, pass_, from->rows(first + t, frames),
                       {out + t * channels, frames, channels, DType::f32});
              }
            }};
  }

 private:
  Layer make_layer(const Conv1d& conv, int64_t frames) const {
    Layer layer;
    layer.conv = &conv;
    layer.frames = frames;
    layer.dtype = pass_.dtype();
    return layer;
  }

  // Rows below the encoder's block `index`, or of the layer `index − 1`.
  std::unique_ptr<RowSource> open_below(size_t index) {
    return index == 0 ? rows_of_waveform(waveform_) : open(index - 1);
  }

  std::unique_ptr<RowSource> open(size_t index) {
    Layer& layer = layers_[index];
    if (layer.kept) return rows_of_array(layer.array, layer.channels(), layer.dtype);
    return rows_of_convolution(*layer.conv, pass_, open_below(index), pending(index), layer.frames,
                               chunk_frames_);
  }

  // The normalisation that stands between the rows below the encoder's block `index` and its convolution.
  NormedRows pending(size_t index) {
    if (index == 0) return {};
    Layer& below = layers_[index - 1];
    return {nullptr, below.norm, below.statistics};
  }

  LayerValues values_below(size_t context_block) {
    return {&layers_[encoder_blocks() + context_block - 1], context_block == 0 && encoder_.log_compression};
  }

  std::unique_ptr<RowSource> open_padded(size_t context_block, int64_t pad_frames) {
    return std::make_unique<PaddedRows>(open(encoder_blocks() + context_block - 1),
                                        values_below(context_block), pass_, pad_frames, context_.padding);
  }

  // Calls f(first, frames) for every chunk; what it pushes is rewound.
  template <class F>
  void for_each_chunk(int64_t frames, F f) {
    for (int64_t first = 0; first < frames; first += chunk_frames_) {
      const Workspace::Mark mark = pass_.workspace.mark();
      f(first, std::min(chunk_frames_, frames - first));
      pass_.workspace.rewind(mark);
    }
  }

  // Where rows [first, first + frames) of the array are to be computed; store() afterwards.
  RowView place(const ScratchArray& array, const Layer& layer, DType dtype, int64_t first, int64_t frames) {
    if (array.memory() != nullptr)
      return RowView{array.memory(), array.rows(), layer.channels(), dtype}.slice(first, frames);
    return push_rows(pass_.workspace, frames, layer.channels(), dtype);
  }

  static void store(ScratchArray& array, int64_t first, const RowView& rows) {
    if (array.rows() > 0 && array.memory() == nullptr) array.write(first, rows.frames, rows.data);
  }

  ScratchArray make_array(const Layer& layer, DType dtype) {
    return scratch_.make(layer.frames, static_cast<size_t>(layer.channels()) * bytes_per_element(dtype));
  }

  // The convolution's statistics and, if the layer is kept, its output.
  void convolve_utterance(Layer& layer, const GroupNormActivation& norm, const NormedRows& input) {
    if (layer.kept) layer.array = make_array(layer, layer.dtype);
    UtteranceMoments total;
    for_each_chunk(layer.frames, [&](int64_t first, int64_t frames) {
      const RowView out = place(layer.array, layer, layer.dtype, first, frames);
      const std::span<double> moments = pass_.workspace.push_doubles(2 * frames);
      convolve(*layer.conv, pass_, input, first, out, moments.data());
      add_frame_moments(total, moments, frames, layer.channels());
      store(layer.array, first, out);
    });
    set_statistics(norm, total, layer.statistics, 0);
    layer.norm = &norm;
  }

  // Finished values of the layer plus residual(first, frames), which returns rows of `dtype`, times `scale`.
  template <class Residual>
  void add_residual(Layer& layer, DType dtype, float scale, Residual residual) {
    ScratchArray finished = make_array(layer, dtype);
    {
      const auto source = rows_of_array(layer.array, layer.channels(), layer.dtype);
      for_each_chunk(layer.frames, [&](int64_t first, int64_t frames) {
        const RowView out = place(finished, layer, dtype, first, frames);
        finish({&layer}, pass_, source->rows(first, frames), out);
        const OneItem y(out);
        const OneItem r(residual(first, frames));
        residual_forward(*y, *r, scale);
        store(finished, first, out);
      });
    }
    layer.array = std::move(finished);
    layer.dtype = dtype;
    layer.norm = nullptr;
  }

  void compute_encoder_block(size_t index) {
    const EncoderBlock& block = encoder_.blocks[index];
    Layer& layer = layers_[index];
    layer.kept = index >= first_kept_;
    const auto below = open_below(index);
    NormedRows input = pending(index);
    input.source = below.get();
    convolve_utterance(layer, block.norm, input);
    if (!block.skip) return;
    const DType dtype = output_dtype(encoder_, pass_.dtype(), index);
    const int64_t factor = (index == 0 ? waveform_.samples : layers_[index - 1].frames) / layer.frames;
    add_residual(layer, dtype, encoder_.skip_scale, [&](int64_t first, int64_t frames) {
      return encoder_residual(index, *below, first * factor, frames * factor, dtype);
    });
  }

  // A block's input as it is added to its output, which has the type `dtype`.
  RowView encoder_residual(size_t index, RowSource& below, int64_t first, int64_t frames, DType dtype) {
    const RowView raw = below.rows(first, frames);
    if (index == 0 && dtype == DType::f32) return raw;
    RowView x = raw;
    if (index > 0) {
      x = push_rows(pass_.workspace, frames, raw.channels, pass_.dtype());
      finish({&layers_[index - 1]}, pass_, raw, x);
    }
    if (x.dtype == dtype) return x;
    const RowView converted = push_rows(pass_.workspace, frames, raw.channels, dtype);
    convert(*OneItem(x), *OneItem(converted));
    return converted;
  }

  void compute_context_block(size_t index) {
    const ContextBlock& block = context_.blocks[index];
    Layer& layer = layers_[encoder_blocks() + index];
    layer.kept = true;
    {
      const auto padded = open_padded(index, block.conv.kernel - 1);
      convolve_utterance(layer, block.norm, {padded.get()});
    }
    if (!block.skip) return;
    const auto x = open_padded(index, 0);
    add_residual(layer, DType::f32, context_.skip_scale, [&](int64_t first, int64_t frames) {
      if (!block.has_projection) return x->rows(first, frames);
      const RowView r = push_rows(pass_.workspace, frames, layer.channels(), DType::f32);
      convolve(block.residual_projection, pass_, {x.get()}, first, r, nullptr);
      return r;
    });
  }

  const ConvEncoder& encoder_;
  const ContextNetwork& context_;
  const Pass& pass_;
  ScratchSpace& scratch_;
  const SampleRows& waveform_;
  int64_t chunk_frames_;
  size_t first_kept_;
  std::vector<Layer> layers_;  // of the encoder, then of the context network
};

// ---- the plan: the arrays that Inference makes and drops, without the arrays

class ScratchRehearsal {
 public:
  explicit ScratchRehearsal(const ScratchLimits& limits) : limits_(limits) {}

  struct Array {
    uint64_t bytes = 0;
    bool in_memory = true;
  };

  Array make(uint64_t bytes) {
    const Array array{bytes, memory_ + bytes <= limits_.memory_bytes};
    in_use(array) += bytes;
    plan.memory_bytes = std::max(plan.memory_bytes, memory_);
    plan.file_bytes = std::max(plan.file_bytes, files_);
    return array;
  }
  void drop(const Array& array) { in_use(array) -= array.bytes; }

  InferencePlan plan;

 private:
  uint64_t& in_use(const Array& array) { return array.in_memory ? memory_ : files_; }

  const ScratchLimits& limits_;
  uint64_t memory_ = 0;
  uint64_t files_ = 0;
};

InferencePlan rehearse(const Wav2VecModel& model, int64_t samples, DType dtype, const ScratchLimits& limits,
                       size_t first_kept) {
  ScratchRehearsal rehearsal(limits);
  ScratchRehearsal::Array below;
  int64_t frames = samples;
  const auto block = [&](const Conv1d& conv, bool skip, DType finished_dtype) {
    const auto values = static_cast<uint64_t>(frames) * static_cast<uint64_t>(conv.out_channels);
    ScratchRehearsal::Array array = rehearsal.make(values * bytes_per_element(dtype));
    if (skip) {
      const ScratchRehearsal::Array finished = rehearsal.make(values * bytes_per_element(finished_dtype));
      rehearsal.drop(array);
      array = finished;
    }
    rehearsal.drop(below);
    below = array;
  };
  for (size_t i = 0; i < model.encoder.blocks.size(); ++i) {
    const EncoderBlock& b = model.encoder.blocks[i];
    frames = b.conv.output_frames(frames);
    if (i >= first_kept) block(b.conv, b.skip, output_dtype(model.encoder, dtype, i));
  }
  for (const ContextBlock& b : model.context.blocks) block(b.conv, b.skip, DType::f32);
  rehearsal.plan.first_kept_block = static_cast<int64_t>(first_kept);
  return rehearsal.plan;
}

// Which layer of Inference `id` is.
size_t index_of(const Wav2VecModel& model, LayerId id) {
  const size_t encoder_blocks = model.encoder.blocks.size();
  switch (id.kind) {
    case LayerId::Kind::encoder:
      return static_cast<size_t>(id.block);
    case LayerId::Kind::z:
      return encoder_blocks - 1;
    case LayerId::Kind::context:
      return encoder_blocks + static_cast<size_t>(id.block);
    case LayerId::Kind::c:
      break;
  }
  return encoder_blocks + model.context.blocks.size() - 1;
}

}  // namespace

InferencePlan plan_inference(const Wav2VecModel& model, int64_t samples, DType dtype,
                             const ScratchLimits& limits) {
  InferencePlan smallest;
  for (size_t kept = 0; kept < model.encoder.blocks.size(); ++kept) {
    const InferencePlan plan = rehearse(model, samples, dtype, limits, kept);
    // As in Inference; and rather than write the first block's output to a file one computes it again.
    const bool last = kept + 1 == model.encoder.blocks.size() || model.encoder.blocks[kept].skip;
    if (plan.file_bytes == 0 || (plan.file_bytes <= limits.file_bytes && (kept > 0 || last))) return plan;
    if (kept == 0 || plan.file_bytes < smallest.file_bytes) smallest = plan;
    if (last) break;
  }
  return smallest;
}

void infer_layers(const Wav2VecModel& model, const Pass& pass, ScratchSpace& scratch,
                  const SampleRows& waveform, std::span<const LayerId> layers,
                  const std::function<void(size_t i, const LayerRows& rows)>& deliver,
                  const InferenceOptions& options) {
  W2V_CHECK(pass.random == nullptr, "inference has no dropout");
  const int64_t first_kept =
      options.first_kept_block
          ? *options.first_kept_block
          : plan_inference(model, waveform.samples, pass.dtype(), scratch.limits()).first_kept_block;
  Inference inference(model, pass, scratch, waveform, options.chunk_frames, first_kept);
  size_t end = 0;
  for (const LayerId id : layers) end = std::max(end, index_of(model, id) + 1);
  for (size_t index = 0; index < end; ++index) {
    inference.compute(index);
    for (size_t i = 0; i < layers.size(); ++i) {
      if (index_of(model, layers[i]) != index) continue;
      std::unique_ptr<RowSource> source;
      const bool log = layers[i].kind == LayerId::Kind::z && model.encoder.log_compression;
      const LayerRows rows = inference.read(index, log, source);
      deliver(i, rows);
    }
  }
}

}  // namespace wav2vec
