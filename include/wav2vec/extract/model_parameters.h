#pragma once
// The parameters of a network from its model file.

#include "wav2vec/io/model_file.h"
#include "wav2vec/nn/parameter.h"

namespace wav2vec {

/// The layout, once it is known that the file holds all of its parameters: memory is taken only for what is
/// there. Throws FormatError.
const ParameterLayout& found_in(const ModelFile& file, const ParameterLayout& layout);

}  // namespace wav2vec
