#include "wav2vec/io/torch_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "io/shown.h"
#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/io/safetensors.h"

namespace wav2vec {
namespace {

// pickle.dump(0x1950a86a20f9469cfc6c, protocol=2): how every legacy file begins.
constexpr std::string_view kLegacyMagic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
constexpr std::string_view kZipMagic = "PK\x03\x04";
constexpr int64_t kLegacyVersion = 1001;
constexpr size_t kMaxRank = 32;
constexpr size_t kMaxKeyBytes = 256;   // they are short numbers
constexpr int kMaxParameterDepth = 4;  // a Parameter of a tensor; of a Parameter nobody writes

struct StorageClass {
  std::string_view name;
  std::string_view dtype;
  uint64_t bytes;
};
constexpr StorageClass kStorageClasses[] = {
    {"torch FloatStorage", "F32", 4},  {"torch HalfStorage", "F16", 2}, {"torch BFloat16Storage", "BF16", 2},
    {"torch DoubleStorage", "F64", 8}, {"torch LongStorage", "I64", 8}, {"torch IntStorage", "I32", 4},
    {"torch ShortStorage", "I16", 2},  {"torch CharStorage", "I8", 1},  {"torch ByteStorage", "U8", 1},
    {"torch BoolStorage", "BOOL", 1},
};

const StorageClass* class_of_dtype(std::string_view dtype) {
  return std::find_if(std::begin(kStorageClasses), std::end(kStorageClasses),
                      [&](const StorageClass& c) { return c.dtype == dtype; });
}

template <class T>
float value_at(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return static_cast<float>(value);
}
template <float (*to_float)(uint16_t)>
float narrow_at(const std::byte* at) {
  uint16_t bits;
  std::memcpy(&bits, at, sizeof bits);
  return to_float(bits);
}

using ValueReader = float (*)(const std::byte*);
ValueReader reader_of(std::string_view dtype) {
  if (dtype == "F32") return value_at<float>;
  if (dtype == "F16") return narrow_at<half_to_float>;
  if (dtype == "BF16") return narrow_at<bfloat16_to_float>;
  if (dtype == "F64") return value_at<double>;
  if (dtype == "I64") return value_at<int64_t>;
  if (dtype == "I32") return value_at<int32_t>;
  if (dtype == "I16") return value_at<int16_t>;
  if (dtype == "I8") return value_at<int8_t>;
  return value_at<uint8_t>;  // U8, BOOL
}

/// Of a tensor with elements, which its storage bounds.
bool is_contiguous(const TorchTensor& tensor) {
  int64_t expected = 1;
  for (size_t i = tensor.shape.size(); i-- > 0;) {
    if (tensor.shape[i] != 1 && tensor.strides[i] != expected) return false;
    expected *= tensor.shape[i];
  }
  return true;
}

}  // namespace

uint64_t TorchTensor::count() const {
  uint64_t product = 1;
  for (const int64_t size : shape) product *= static_cast<uint64_t>(size);
  return product;
}

bool TorchFile::recognises(const std::filesystem::path& path) {
  RandomAccessFile file = RandomAccessFile::open(path);
  std::string head(std::min<uint64_t>(file.size(), kLegacyMagic.size()), '\0');
  file.read(0, std::as_writable_bytes(std::span(head)));
  return head.starts_with(kZipMagic) || head == kLegacyMagic;
}

TorchFile TorchFile::open(const std::filesystem::path& path) {
  const bool known = recognises(path);
  TorchFile torch(RandomAccessFile::open(path));
  if (!known) torch.fail("does not begin like one");
  std::array<char, 2> head{};
  torch.file_.read(0, std::as_writable_bytes(std::span(head)));
  if (head[0] == 'P') {
    torch.open_zip();
  } else {
    torch.open_legacy();
  }
  return torch;
}

void TorchFile::fail(std::string_view problem) const {
  throw FormatError(fmt::format("{}: not a usable PyTorch file: {}; get it again or take another",
                                printable(file_.path().string()), problem));
}

// ---- the two containers -----------------------------------------------------------------------------

void TorchFile::open_legacy() {
  container_ = TorchContainer::legacy;
  uint64_t offset = kLegacyMagic.size();
  const PickleTree version = read_pickle(file_, offset, file_.size());
  if (const PickleNode& node = version[version.root()];
      node.kind != PickleKind::integer || node.integer != kLegacyVersion)
    fail(fmt::format("its version is not {}", kLegacyVersion));
  const PickleTree system = read_pickle(file_, offset, file_.size());
  const auto little_endian = system.find(system.root(), "little_endian");
  if (!little_endian || system[*little_endian].kind != PickleKind::boolean)
    fail("does not say whether its numbers are little-endian");
  if (system[*little_endian].integer == 0) fail("was written by a big-endian machine");
  tree_ = read_pickle(file_, offset, file_.size());
  take_tensors();
  const PickleTree keys = read_pickle(file_, offset, file_.size());
  place_legacy_storages(keys, offset);
}

/// Behind the pickles, for every storage: the number of its elements and the elements.
void TorchFile::place_legacy_storages(const PickleTree& keys, uint64_t offset) {
  if (keys[keys.root()].kind != PickleKind::list) fail("the list of its storages is no list");
  std::set<std::string_view> seen;
  for (const PickleId id : keys[keys.root()].items) {
    const std::string& key = keys[id].text;
    const auto found = storages_.find(key);
    if (keys[id].kind != PickleKind::text || found == storages_.end())
      fail(fmt::format("lists a storage \"{}\" that no tensor uses", shown(key)));
    if (!seen.insert(key).second) fail(fmt::format("lists storage \"{}\" twice", shown(key)));
    Storage& storage = found->second;
    uint64_t count = 0;
    file_.read(offset, std::as_writable_bytes(std::span(&count, 1)));
    offset += sizeof count;
    if (count != storage.count)
      fail(fmt::format("storage \"{}\" has {} elements, its tensors say {}", shown(key), count,
                       storage.count));
    const uint64_t bytes = storage.count * class_of_dtype(storage.dtype)->bytes;
    if (bytes > file_.size() - offset)
      fail(fmt::format("storage \"{}\" of {} bytes at {} ends behind the file (truncated?)", shown(key),
                       bytes, offset));
    storage.offset = offset;
    storage.verified = true;
    offset += bytes;
  }
  if (seen.size() != storages_.size())
    fail(fmt::format("{} storages, its tensors need {}", seen.size(), storages_.size()));
  if (offset != file_.size()) fail(fmt::format("{} bytes behind the last storage", file_.size() - offset));
}

void TorchFile::open_zip() {
  container_ = TorchContainer::zip;
  const std::vector<ZipEntry> all = read_zip_directory(file_);
  std::string folder;
  for (const ZipEntry& entry : all) {
    const size_t slash = entry.name.find('/');
    if (slash == std::string::npos) fail(fmt::format("entry \"{}\" lies in no folder", shown(entry.name)));
    if (folder.empty()) folder = entry.name.substr(0, slash + 1);
    if (!entry.name.starts_with(folder)) fail("more than one folder in the archive");
    entries_.emplace(entry.name.substr(slash + 1), entry);
  }
  const auto code = entries_.lower_bound("code/");
  if (entries_.contains("constants.pkl") || (code != entries_.end() && code->first.starts_with("code/")))
    fail("it is a TorchScript program, expected what torch.save writes of a checkpoint");
  const auto pickle = entries_.find("data.pkl");
  if (pickle == entries_.end()) fail("a zip archive without data.pkl");
  if (const auto order = entries_.find("byteorder"); order != entries_.end()) {
    std::string text(std::min<uint64_t>(order->second.bytes, 16), '\0');
    file_.read(order->second.offset, std::as_writable_bytes(std::span(text)));
    if (text != "little") fail(fmt::format("byte order \"{}\", expected little", printable(text)));
  }
  verify_zip_entry(file_, pickle->second);
  uint64_t offset = pickle->second.offset;
  const uint64_t end = offset + pickle->second.bytes;
  tree_ = read_pickle(file_, offset, end);
  if (offset != end) fail(fmt::format("{} bytes behind its pickle", end - offset));
  take_tensors();
}

// ---- tensors ----------------------------------------------------------------------------------------

void TorchFile::take_tensors() {
  for (PickleId id = 0; id < tree_.size(); ++id) {
    if (tree_.is_object(id, "torch._utils _rebuild_tensor_v2") ||
        tree_.is_object(id, "torch._utils _rebuild_tensor"))
      take_tensor(id);
  }
}

void TorchFile::take_tensor(PickleId id) {
  const std::vector<PickleId>& arguments = tree_[*tree_[id].arguments].items;
  if (arguments.size() < 4) fail("a tensor without storage, offset, size and stride");
  TorchTensor tensor;
  uint64_t view_offset = 0;
  uint64_t view_count = 0;
  const Storage& storage = take_storage(arguments[0], tensor.storage, view_offset, view_count);
  tensor.dtype = storage.dtype;
  const auto number = [&](PickleId value) {
    const PickleNode& node = tree_[value];
    if (node.kind != PickleKind::integer || node.integer < 0)
      fail(fmt::format(
          "a tensor of storage \"{}\" has an offset, size or stride that is no whole number from 0",
          shown(tensor.storage)));
    return node.integer;
  };
  tensor.offset = static_cast<uint64_t>(number(arguments[1]));
  for (const auto& [index, values] : {std::pair(2, &tensor.shape), std::pair(3, &tensor.strides)}) {
    const PickleNode& sizes = tree_[arguments[static_cast<size_t>(index)]];
    if (sizes.kind != PickleKind::tuple || sizes.items.size() > kMaxRank)
      fail(fmt::format("a tensor of storage \"{}\" has no tuple of at most {} sizes and strides",
                       shown(tensor.storage), kMaxRank));
    for (const PickleId size : sizes.items) values->push_back(number(size));
  }
  if (arguments.size() > 5) {
    const auto hooks = tree_.entries(arguments[5]);
    if (tree_[arguments[5]].kind != PickleKind::none && (!hooks || !hooks->empty()))
      fail("a tensor with hooks");
  }
  check_layout(tensor, view_count);
  tensor.offset += view_offset;
  tensors_.emplace(id, std::move(tensor));
}

TorchFile::Storage& TorchFile::take_storage(PickleId reference, std::string_view& key, uint64_t& view_offset,
                                            uint64_t& view_count) {
  const PickleNode& pointer = tree_[reference];
  if (pointer.kind != PickleKind::persistent) fail("a tensor without a storage");
  const PickleNode& parts = tree_[*pointer.arguments];
  const auto is = [&](size_t i, PickleKind kind) { return tree_[parts.items[i]].kind == kind; };
  if (parts.kind != PickleKind::tuple || (parts.items.size() != 5 && parts.items.size() != 6) ||
      !is(0, PickleKind::text) || tree_[parts.items[0]].text != "storage" || !is(1, PickleKind::global) ||
      !is(2, PickleKind::text) || !is(3, PickleKind::text) || !is(4, PickleKind::integer))
    fail("a storage that is not (\"storage\", class, key, device, count)");
  const std::string& class_name = tree_[parts.items[1]].text;
  const auto* const storage_class = std::find_if(std::begin(kStorageClasses), std::end(kStorageClasses),
                                                 [&](const StorageClass& c) { return c.name == class_name; });
  if (storage_class == std::end(kStorageClasses))
    fail(fmt::format("a storage of {}, expected plain numbers", shown(class_name)));
  if (tree_[parts.items[3]].text == "meta") fail("a storage on the device \"meta\", which has no values");
  key = tree_[parts.items[2]].text;
  const int64_t count = tree_[parts.items[4]].integer;
  // Whatever the count is, the values must lie in this file.
  if (count < 0 || static_cast<uint64_t>(count) > file_.size() / storage_class->bytes)
    fail(fmt::format("storage \"{}\" claims {} elements in a file of {} bytes", shown(key), count,
                     file_.size()));
  view_offset = 0;
  view_count = static_cast<uint64_t>(count);
  if (parts.items.size() == 6 && !is(5, PickleKind::none)) {
    const PickleNode& view = tree_[parts.items[5]];
    const auto at = [&](size_t i) -> const PickleNode& { return tree_[view.items[i]]; };
    if (view.kind != PickleKind::tuple || view.items.size() != 3 || at(1).kind != PickleKind::integer ||
        at(2).kind != PickleKind::integer || at(1).integer < 0 || at(2).integer < 0 ||
        at(1).integer > count || at(2).integer > count - at(1).integer)
      fail(fmt::format("a view that is not within storage \"{}\"", shown(key)));
    view_offset = static_cast<uint64_t>(at(1).integer);
    view_count = static_cast<uint64_t>(at(2).integer);
  }
  if (key.size() > kMaxKeyBytes)
    fail(fmt::format("a storage with a name of {} bytes, at most {} expected", key.size(), kMaxKeyBytes));
  const auto [found, is_new] = storages_.try_emplace(std::string(key));
  key = found->first;
  Storage& storage = found->second;
  if (!is_new) {
    if (storage.dtype != storage_class->dtype || storage.count != static_cast<uint64_t>(count))
      fail(fmt::format("storage \"{}\" is used with two types or sizes", shown(key)));
    return storage;
  }
  storage.dtype = storage_class->dtype;
  storage.count = static_cast<uint64_t>(count);
  if (container_ == TorchContainer::legacy) return storage;
  const auto entry = entries_.find("data/" + std::string(key));
  if (entry == entries_.end()) fail(fmt::format("no entry data/{}", shown(key)));
  if (entry->second.bytes != storage.count * storage_class->bytes)
    fail(fmt::format("entry data/{} has {} bytes, its tensors say {} elements of {}", shown(key),
                     entry->second.bytes, storage.count, storage.dtype));
  storage.entry = entry->second;
  storage.offset = entry->second.offset;
  return storage;
}

void TorchFile::check_layout(const TorchTensor& tensor, uint64_t view_count) const {
  const std::string name = shown(tensor.storage);
  if (tensor.shape.size() != tensor.strides.size())
    fail(fmt::format("a tensor of storage \"{}\" with {} sizes and {} strides", name, tensor.shape.size(),
                     tensor.strides.size()));
  if (std::find(tensor.shape.begin(), tensor.shape.end(), 0) != tensor.shape.end()) {
    if (tensor.offset > view_count) fail(fmt::format("an empty tensor behind storage \"{}\"", name));
    return;
  }
  uint64_t last = tensor.offset;
  uint64_t count = 1;
  bool fits = true;
  for (size_t i = 0; i < tensor.shape.size() && fits; ++i) {
    const auto size = static_cast<uint64_t>(tensor.shape[i]);
    uint64_t reach = 0;
    fits = !__builtin_mul_overflow(size - 1, static_cast<uint64_t>(tensor.strides[i]), &reach) &&
           !__builtin_add_overflow(last, reach, &last) && !__builtin_mul_overflow(count, size, &count);
  }
  if (!fits || last >= view_count)
    fail(fmt::format("a tensor reaches beyond its storage \"{}\" of {} elements", name, view_count));
  // Expanded or overlapping views would take more memory than the file has bytes.
  if (count > view_count)
    fail(fmt::format("a tensor of {} elements in storage \"{}\" of {}", count, name, view_count));
}

std::optional<PickleId> TorchFile::tensor_behind(PickleId id) const {
  for (int depth = 0; depth < kMaxParameterDepth; ++depth) {
    if (tensors_.contains(id)) return id;
    if (!tree_.is_object(id, "torch._utils _rebuild_parameter")) return std::nullopt;
    const std::vector<PickleId>& arguments = tree_[*tree_[id].arguments].items;
    if (arguments.empty()) return std::nullopt;
    id = arguments.front();
  }
  return std::nullopt;
}

const TorchTensor* TorchFile::tensor(PickleId id) const {
  const auto found = tensor_behind(id);
  return found ? &tensors_.at(*found) : nullptr;
}

void TorchFile::read_f32(const TorchTensor& tensor, std::span<float> out) {
  W2V_CHECK(out.size() == tensor.count(), "a tensor is read whole");
  Storage& storage = storages_.find(tensor.storage)->second;
  if (!storage.verified) {
    verify_zip_entry(file_, *storage.entry);
    storage.verified = true;
  }
  if (out.empty()) return;
  const uint64_t width = class_of_dtype(tensor.dtype)->bytes;
  uint64_t reach = 1;
  for (size_t i = 0; i < tensor.shape.size(); ++i)
    reach += static_cast<uint64_t>((tensor.shape[i] - 1) * tensor.strides[i]);
  const uint64_t begin = storage.offset + tensor.offset * width;
  if (is_contiguous(tensor) && tensor.dtype == "F32") return file_.read(begin, std::as_writable_bytes(out));
  std::vector<std::byte> bytes(reach * width);
  file_.read(begin, bytes);
  const ValueReader value = reader_of(tensor.dtype);
  std::vector<int64_t> index(tensor.shape.size(), 0);
  uint64_t at = 0;
  for (float& v : out) {
    v = value(bytes.data() + at * width);
    // The next element in row-major order.
    for (size_t d = index.size(); d-- > 0;) {
      at += static_cast<uint64_t>(tensor.strides[d]);
      if (++index[d] < tensor.shape[d]) break;
      at -= static_cast<uint64_t>(tensor.strides[d] * tensor.shape[d]);
      index[d] = 0;
    }
  }
}

}  // namespace wav2vec
