#pragma once
// What a file is, as facts for `wav2vec inspect`.

#include <filesystem>
#include <nlohmann/json.hpp>

namespace wav2vec::app {

/// Facts of an audio file, manifest (file or Kaldi folder), model (file, checkpoint or run folder), ONNX
/// file, or of features as extract writes them (files, archives, folders): "kind" and what belongs to it;
/// "tensors" of a model only with `with_tensors`. Told apart by the first bytes, else by extension. Throws
/// DataError/CheckpointError naming the file.
nlohmann::ordered_json describe_file(const std::filesystem::path& path, bool with_tensors);

/// How far a run is: "updates", "max_updates", "finished", "last_checkpoint", "best_update",
/// "best_valid_bits"; what is not known is left out. Empty for a folder that is no run.
nlohmann::ordered_json describe_run(const std::filesystem::path& folder);

}  // namespace wav2vec::app
