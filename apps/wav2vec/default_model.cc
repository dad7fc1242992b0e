#include "default_model.h"

#include "wav2vec/core/error.h"
#include "wav2vec/io/checkpoint.h"

namespace wav2vec::app {

namespace fs = std::filesystem;

fs::path head_or_default(const std::string& given) {
  if (!given.empty()) return given;
  const fs::path name = fs::path("models") / "default.safetensors";
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path();
  fs::path above = program;
  for (int level = 0; level < 3 && !error; ++level) {
    if (fs::exists(above / name, error)) return above / name;
    above = above.parent_path();
  }
  const fs::path installed = program.parent_path() / "share" / "wav2vec" / name;
  if (fs::exists(installed, error)) return installed;
  throw CheckpointError(
      "no head is given and models/default.safetensors is not beside the program; give --model, a run of "
      "wav2vec "
      "train-head or its model.safetensors");
}

}  // namespace wav2vec::app
