#include "wav2vec/probe/random_model.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/scratch.h"
#include "wav2vec/io/checkpoint.h"
#include "wav2vec/io/model_file.h"
#include "wav2vec/model/pretraining_network.h"
#include "wav2vec/train/network_file.h"

namespace wav2vec {
namespace {

std::filesystem::path make_folder() {
  std::string name = (default_scratch_folder() / "wav2vec-random-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    throw DiskError(fmt::format("{}: cannot create a folder ({}); set TMPDIR to a place that can be written",
                                printable(name), std::strerror(errno)));
  return name;
}

}  // namespace

RandomModel::RandomModel(const std::filesystem::path& model, uint64_t seed) {
  const ModelFileInfo info = ModelFile::open(resolve_model_path(model)).info();
  const PretrainingNetwork network(info.model, info.objective);
  ParameterBlock parameters(network.layout);
  initialize_parameters(parameters, seed);
  path_ = make_folder() / "model.safetensors";
  write_network(path_, info, parameters);
}

RandomModel::~RandomModel() {
  std::error_code ignored;
  std::filesystem::remove_all(path_.parent_path(), ignored);
}

}  // namespace wav2vec
