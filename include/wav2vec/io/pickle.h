#pragma once
// Python's pickle format (CPython's pickletools.py, protocols 2 to 5) as data: values are read, nothing is
// looked up, imported or called. Calls become objects that name what would have been called, and only calls
// known to be harmless are let through at all.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wav2vec/io/random_access_file.h"

namespace wav2vec {

/// A value of a PickleTree.
using PickleId = uint32_t;

enum class PickleKind {
  none,
  boolean,
  integer,
  long_integer,  ///< beyond 64 bits; text holds its little-endian bytes
  real,
  text,
  bytes,
  tuple,
  list,
  set,
  dict,
  global,      ///< a class or function; text is "module name"
  object,      ///< text is the class "module name" that would have been called
  persistent,  ///< a reference out of the pickle; arguments is its id
};

struct PickleNode {
  PickleKind kind = PickleKind::none;
  int64_t integer = 0;
  double real = 0.0;
  std::string text = {};
  /// Of a tuple, list or set its values; of a dict, or an object that was filled like one, key after value
  /// after key. May lead back to this node.
  std::vector<PickleId> items = {};
  std::optional<PickleId> arguments = {};  ///< of an object: a tuple
  std::optional<PickleId> state = {};      ///< of an object: what BUILD gave it
};

/// Values refer to each other by number, so shared values are stored once and cycles are harmless.
class PickleTree {
 public:
  const PickleNode& operator[](PickleId id) const { return nodes_[id]; }
  PickleId root() const { return root_; }
  PickleId size() const { return static_cast<PickleId>(nodes_.size()); }

  bool is_object(PickleId id, std::string_view class_name) const;
  /// Keys and values of a dict, an OrderedDict or an argparse.Namespace; nothing for any other value.
  std::optional<std::span<const PickleId>> entries(PickleId map) const;
  /// The value of a text key of such a map; of equal keys the last.
  std::optional<PickleId> find(PickleId map, std::string_view key) const;

 private:
  friend class PickleMachine;
  std::vector<PickleNode> nodes_;
  PickleId root_ = 0;
};

/// Reads the pickle that begins at `offset` and ends before `end`; moves `offset` behind it. Throws
/// FormatError with the byte for an opcode or call outside the allow list, a broken stack or memo, a length
/// beyond the end, and above 10 M opcodes, 500,000 values or 16 MiB in one text.
PickleTree read_pickle(RandomAccessFile& file, uint64_t& offset, uint64_t end);

}  // namespace wav2vec
