#pragma once

#include <filesystem>

#include "wav2vec/io/model_file.h"
#include "wav2vec/nn/parameter.h"

namespace wav2vec {

/// The parameters of a network as a model file (io/model_file.h). Throws DiskError.
void write_network(const std::filesystem::path& path, const ModelFileInfo& info,
                   const ParameterBlock& parameters);

}  // namespace wav2vec
