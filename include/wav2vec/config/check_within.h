#pragma once

#include <string_view>

namespace wav2vec {

/// Throws ConfigError "[section] key: …" unless least ≤ value ≤ most; a NaN is not.
void check_within(std::string_view section, std::string_view key, double value, double least, double most);

}  // namespace wav2vec
