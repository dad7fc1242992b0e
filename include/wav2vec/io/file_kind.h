#pragma once
// What a file is, told by its first bytes and, where those say nothing, by its name.

#include <filesystem>
#include <string_view>

namespace wav2vec {

enum class FileKind { unknown, npy, npz, hdf5, torch, safetensors, onnx, htk, ark, scp, csv };
inline constexpr std::string_view kFileKindNames[] = {
    "unknown", "npy", "npz", "HDF5", "PyTorch", "safetensors", "ONNX", "HTK", "ark", "scp", "csv"};

/// A zip archive is npz when its first entry is a .npy, else PyTorch's. The name decides for HTK, ark, scp
/// and csv, which have no signature, and for a file that should begin with one and does not. Throws DataError
/// when it is no file or cannot be read.
FileKind file_kind(const std::filesystem::path& path);

}  // namespace wav2vec
