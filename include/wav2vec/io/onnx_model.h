#pragma once
// A network as an ONNX file (github.com/onnx/onnx, docs/IR.md and docs/Operators.md): standard operators of
// opset 13, which runtimes since 2020 know.
//
//   input   waveform [batch, samples]             mono, in [−1, 1), at metadata sample_rate_hz
//   output  z        [batch, frames, channels]    encoder
//   output  c        [batch, frames, channels]    context network
//
// batch, samples and frames are free. All waveforms of a batch have the same length: normalisation runs over
// every sample that is given. The parameters stand in PyTorch's shapes under fairseq's names; the metadata
// has the keys of frames.json (docs/formats.md).

#include <filesystem>
#include <span>

#include "wav2vec/io/model_file.h"

namespace wav2vec {

/// The network of `info`; a model that wants normalised waveforms normalises them in the graph. `tensors`
/// holds its parameters as F32 under fairseq's names; others are left out. The file appears whole or not at
/// all and depends on nothing but the arguments. Throws DataError naming a parameter that is missing or
/// differs in shape or dtype, and for a network above 2 GiB, which ONNX cannot hold; DiskError.
void write_onnx_model(const std::filesystem::path& path, const ModelFileInfo& info,
                      std::span<const TensorToWrite> tensors);

/// The same from a file. Throws what ModelFile::read throws, too.
void write_onnx_model(const std::filesystem::path& path, ModelFile& model);

}  // namespace wav2vec
