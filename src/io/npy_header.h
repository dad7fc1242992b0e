#pragma once
// The header of NumPy's .npy, for who does not want the values.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wav2vec {

/// A header is at most this long, with what stands before it.
inline constexpr size_t kMaxNpyHeaderBytes = 65536 + 12;

struct NpyHeader {
  std::string dtype;  ///< as it stands there: of any kind
  bool fortran_order = false;
  std::vector<int64_t> shape;
  uint64_t data_offset = 0;
};

/// Of the first bytes of a file. Throws FormatError, without a file name, saying what is wrong.
NpyHeader parse_npy_header(std::string_view head);

/// The same, and only for arrays that are read: a dtype of NpyArray, C order, and `file_bytes` that fit.
NpyHeader parse_npy_header(std::string_view head, uint64_t file_bytes);

}  // namespace wav2vec
