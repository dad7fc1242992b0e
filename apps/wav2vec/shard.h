#pragma once
// --shard I/N: which part of a list is this process's.

#include <CLI/CLI.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "wav2vec/io/part_files.h"

namespace wav2vec::app {

/// `what`: whose parts, "of a folder".
void add_shard_option(CLI::App& app, std::string& text, const std::string& what);

/// "2/8" is part 2 of 8. Empty: that of this rank where mpirun or srun started several, else everything.
/// Throws ConfigError.
Shard shard_of_process(const std::string& text);

/// Every parts-th item, so that each process gets long and short ones.
template <class T>
std::vector<T> items_of(std::span<const T> all, const Shard& shard) {
  std::vector<T> mine;
  for (auto i = static_cast<size_t>(shard.number - 1); i < all.size(); i += static_cast<size_t>(shard.parts))
    mine.push_back(all[i]);
  return mine;
}

}  // namespace wav2vec::app
