#pragma once

#include <string>
#include <string_view>

#include "wav2vec/core/escape.h"

namespace wav2vec {

/// A name from somebody's file for a message of one line, however long it is.
inline std::string shown(std::string_view name) {
  constexpr size_t kMost = 80;
  return printable(name.substr(0, kMost)) + (name.size() > kMost ? "…" : "");
}

}  // namespace wav2vec
