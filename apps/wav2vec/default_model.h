#pragma once

#include <filesystem>
#include <string>

namespace wav2vec::app {

/// `given` unless it is empty; then the head that is shipped: models/default.safetensors beside the program,
/// in a folder above it (a build tree) or in ../share/wav2vec. Throws CheckpointError where there is none.
std::filesystem::path head_or_default(const std::string& given);

}  // namespace wav2vec::app
