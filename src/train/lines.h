#pragma once
// Text files of one record per line that survive kill -9 and resuming.

#include <filesystem>
#include <functional>
#include <string_view>

#include "wav2vec/core/file.h"

namespace wav2vec {

/// A run of 10^7 records stays below it.
inline constexpr uint64_t kLargestMetricsFile = uint64_t{1} << 33;

/// Calls `use` with every line, without its line end; also with a last line that has none.
void for_each_line(std::string_view text, const std::function<void(std::string_view)>& use);

/// Opens for appending; a last line without a line end is cut off first.
AppendFile open_lines(const std::filesystem::path& path);

/// Rewrites the file, atomically, with the lines that `keep` accepts; `file` then appends to the new one.
void keep_lines(AppendFile& file, const std::function<bool(std::string_view)>& keep);

}  // namespace wav2vec
