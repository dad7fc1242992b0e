#pragma once
// The parts of describe_file(), one for each kind. All throw DataError naming the file.

#include <filesystem>
#include <nlohmann/json.hpp>

namespace wav2vec::app {

nlohmann::ordered_json describe_model(const std::filesystem::path& path, bool with_tensors);
nlohmann::ordered_json describe_onnx(const std::filesystem::path& path);

/// A safetensors file: a network, features, or tensors of somebody else.
nlohmann::ordered_json describe_safetensors(const std::filesystem::path& path, bool with_tensors);

/// Features with their contract, when it is known; a .npy without one is an array.
nlohmann::ordered_json describe_npy(const std::filesystem::path& path);
nlohmann::ordered_json describe_npz(const std::filesystem::path& path);
nlohmann::ordered_json describe_htk(const std::filesystem::path& path);
nlohmann::ordered_json describe_hdf5(const std::filesystem::path& path);
nlohmann::ordered_json describe_csv(const std::filesystem::path& path);
nlohmann::ordered_json describe_ark(const std::filesystem::path& path);
nlohmann::ordered_json describe_scp(const std::filesystem::path& path);

/// A frames.json.
nlohmann::ordered_json describe_contract(const std::filesystem::path& path);
/// What extract wrote into a folder, and under "layers" into those below that have a frames.json of their
/// own; "problems" lists files that are damaged or disagree with the contract. Empty for another folder.
nlohmann::ordered_json describe_feature_folder(const std::filesystem::path& folder);

}  // namespace wav2vec::app
