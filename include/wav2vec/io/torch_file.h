#pragma once
// What torch.save writes (torch/serialization.py): the legacy stream of PyTorch before 1.6 and the zip
// archive since. Values come as a PickleTree, tensors are checked when the file is opened and read when asked
// for.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wav2vec/io/pickle.h"
#include "wav2vec/io/random_access_file.h"
#include "wav2vec/io/zip.h"

namespace wav2vec {

enum class TorchContainer { legacy, zip };

/// A view of a storage: element [i0, i1, …] is at offset + Σ i·stride, all within the storage.
struct TorchTensor {
  /// Its key in the file. Belongs to the TorchFile: a million tensors may share one long key.
  std::string_view storage;
  std::string dtype;    ///< as safetensors spells it: "F32", "F16", "BF16", "F64", "I64" … "BOOL"
  uint64_t offset = 0;  ///< in elements
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;

  uint64_t count() const;
};

class TorchFile {
 public:
  /// Whether the first bytes are those of a file that PyTorch wrote.
  static bool recognises(const std::filesystem::path& path);
  /// Throws DataError when the file cannot be read, FormatError when it is no such file, is damaged, would
  /// run code, or holds a tensor that is not within its storage, is of an unknown type or no plain tensor.
  static TorchFile open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return file_.path(); }
  TorchContainer container() const { return container_; }
  const PickleTree& tree() const { return tree_; }
  /// The tensor that this value is (or the parameter is made of); nullptr when it is something else.
  const TorchTensor* tensor(PickleId id) const;
  /// Any dtype as f32; `out` has one place per element. Of a zip the storage's CRC is verified first.
  void read_f32(const TorchTensor& tensor, std::span<float> out);

 private:
  struct Storage {
    std::string dtype;
    uint64_t count = 0;   // elements
    uint64_t offset = 0;  // bytes, in the file
    std::optional<ZipEntry> entry;
    bool verified = false;
  };

  explicit TorchFile(RandomAccessFile file) : file_(std::move(file)) {}
  [[noreturn]] void fail(std::string_view problem) const;
  void open_legacy();
  void open_zip();
  void take_tensors();
  void take_tensor(PickleId id);
  std::optional<PickleId> tensor_behind(PickleId id) const;
  /// The storage that a persistent id names; `view_offset` is where a view of it begins, in elements.
  Storage& take_storage(PickleId reference, std::string_view& key, uint64_t& view_offset,
                        uint64_t& view_count);
  void check_layout(const TorchTensor& tensor, uint64_t view_count) const;
  void place_legacy_storages(const PickleTree& keys, uint64_t offset);

  RandomAccessFile file_;
  TorchContainer container_ = TorchContainer::legacy;
  PickleTree tree_;
  std::map<PickleId, TorchTensor> tensors_;
  std::map<std::string, Storage, std::less<>> storages_;
  std::map<std::string, ZipEntry, std::less<>> entries_;  // of a zip, below its top folder
};

}  // namespace wav2vec
