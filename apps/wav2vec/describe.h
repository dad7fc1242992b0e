#pragma once
// What a file is, as facts for `wav2vec inspect`.

#include <filesystem>
#include <nlohmann/json.hpp>

namespace wav2vec::app {

/// Facts of an audio file, manifest (file or Kaldi folder), model (file, checkpoint or run folder) or .npy
/// array: "kind" and what belongs to it. Told apart by extension. Throws DataError/CheckpointError naming the
/// file.
nlohmann::ordered_json describe_file(const std::filesystem::path& path);

}  // namespace wav2vec::app
