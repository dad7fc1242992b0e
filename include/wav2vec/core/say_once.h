#pragma once
// Log lines that repeat for every file or epoch are said once per process.

#include <string>

namespace wav2vec {

/// True the first time this key is asked for. Thread-safe.
bool first_time(const std::string& key);

}  // namespace wav2vec
