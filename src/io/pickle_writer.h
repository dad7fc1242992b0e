#pragma once
// Pickles of protocol 2, value by value: the letters are the opcodes of CPython's pickletools.py.

#include <bit>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "wav2vec/core/error.h"

namespace wav2vec {

class PickleWriter {
 public:
  void none() { out_ += 'N'; }
  void boolean(bool value) { out_ += value ? '\x88' : '\x89'; }
  void integer(int64_t value) {
    const bool narrow =
        value >= std::numeric_limits<int32_t>::min() && value <= std::numeric_limits<int32_t>::max();
    out_ += narrow ? "J" : "\x8a\x08";
    narrow ? append(static_cast<int32_t>(value)) : append(value);
  }
  void real(double value) {
    out_ += 'G';
    append(__builtin_bswap64(std::bit_cast<uint64_t>(value)));
  }
  void text(std::string_view value) {
    out_ += 'X';
    append(static_cast<uint32_t>(value.size()));
    out_ += value;
  }
  void global(std::string_view module, std::string_view name) {
    ((((out_ += 'c') += module) += '\n') += name) += '\n';
  }
  void tuple(std::span<const int64_t> values) {
    mark();
    for (const int64_t value : values) integer(value);
    end_tuple();
  }

  void mark() { out_ += '('; }
  void end_tuple() { out_ += 't'; }
  void empty_dict() { out_ += '}'; }
  void empty_list() { out_ += ']'; }
  void empty_tuple() { out_ += ')'; }
  /// From mark() on, keys and values for the dict or values for the list before it.
  void set_items() { out_ += 'u'; }
  void append_items() { out_ += 'e'; }
  void call() { out_ += 'R'; }
  void new_object() { out_ += "\x81"; }
  void build() { out_ += 'b'; }
  void persistent() { out_ += 'Q'; }

  std::string finish() && { return "\x80\x02" + std::move(out_) + "."; }

 private:
  template <class T>
  void append(T value) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }

  std::string out_;
};

}  // namespace wav2vec
