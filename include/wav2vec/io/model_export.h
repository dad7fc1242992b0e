#pragma once
// A network in the files of other programs.

#include <filesystem>
#include <string_view>

#include "wav2vec/io/model_file.h"

namespace wav2vec {

enum class ExportDtype { f32, f16 };
inline constexpr std::string_view kExportDtypeNames[] = {"f32", "f16"};

/// Our safetensors, which every command reads, with the head where there is one. Throws DataError for values
/// that f16 cannot hold, DiskError.
void export_safetensors(ModelFile& model, const std::filesystem::path& path, ExportDtype dtype);

/// What fairseq's first release (2019) saved, as a zip archive that torch.load reads: {"args":
/// argparse.Namespace, "model": OrderedDict of tensors, "optimizer_history", "extra_state",
/// "last_optimizer_state"}. fairseq has no name for sampling = exclude_positive; it comes back as
/// fairseq_compat. Throws like export_safetensors, and DataError above 4 GiB.
void export_torch(ModelFile& model, const std::filesystem::path& path, ExportDtype dtype);

}  // namespace wav2vec
