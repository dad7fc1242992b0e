#include "wav2vec/io/file_kind.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <span>
#include <string>

#include "wav2vec/io/random_access_file.h"
#include "wav2vec/io/torch_file.h"

namespace wav2vec {
namespace {

using namespace std::string_view_literals;

// Of a zip's local header (APPNOTE 4.3.7).
constexpr size_t kZipNameLength = 26;
constexpr size_t kZipName = 30;
constexpr size_t kHeadBytes = 512;

bool holds_arrays(std::string_view zip) {
  if (zip.size() <= kZipName) return false;
  uint16_t length = 0;
  std::memcpy(&length, zip.data() + kZipNameLength, sizeof length);
  return zip.substr(kZipName, length).ends_with(".npy");
}

bool begins_as_safetensors(std::string_view head, uint64_t file_bytes) {
  uint64_t header_bytes = 0;
  if (head.size() <= sizeof header_bytes || head[sizeof header_bytes] != '{') return false;
  std::memcpy(&header_bytes, head.data(), sizeof header_bytes);
  return header_bytes <= file_bytes - sizeof header_bytes;
}

/// ModelProto: field 1 (ir_version) is a small number, and a field that is a text or message follows.
bool begins_as_onnx(std::string_view head) {
  constexpr unsigned char kNewestVersion = 0x20;
  return head.size() > 2 && head[0] == 0x08 && head[1] > 0 && head[1] <= kNewestVersion &&
         "\x12\x1a\x22\x32\x3a\x42"sv.find(head[2]) != std::string_view::npos;
}

FileKind kind_of_name(const std::filesystem::path& path) {
  static const std::map<std::string, FileKind, std::less<>> kinds{
      {".npy", FileKind::npy},   {".npz", FileKind::npz},        {".h5", FileKind::hdf5},
      {".hdf5", FileKind::hdf5}, {".h5context", FileKind::hdf5}, {".safetensors", FileKind::safetensors},
      {".pt", FileKind::torch},  {".onnx", FileKind::onnx},      {".htk", FileKind::htk},
      {".ark", FileKind::ark},   {".scp", FileKind::scp},        {".csv", FileKind::csv}};
  const auto found = kinds.find(path.extension().string());
  return found == kinds.end() ? FileKind::unknown : found->second;
}

}  // namespace

FileKind file_kind(const std::filesystem::path& path) {
  RandomAccessFile file = RandomAccessFile::open(path);
  std::string head(std::min<uint64_t>(file.size(), kHeadBytes), '\0');
  file.read(0, std::as_writable_bytes(std::span(head)));
  if (head.starts_with("\x93NUMPY"sv)) return FileKind::npy;
  if (head.starts_with("\x89HDF\r\n\x1a\n"sv)) return FileKind::hdf5;
  if (head.starts_with("PK\3\4"sv) && holds_arrays(head)) return FileKind::npz;
  if (TorchFile::recognises(path)) return FileKind::torch;
  const FileKind named = kind_of_name(path);
  if (named != FileKind::htk && begins_as_safetensors(head, file.size())) return FileKind::safetensors;
  if (named == FileKind::unknown && begins_as_onnx(head)) return FileKind::onnx;
  return named;
}

}  // namespace wav2vec
