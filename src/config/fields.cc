#include "wav2vec/config/fields.h"

#include <fmt/format.h>

namespace wav2vec {

void fail_field(std::string_view section, std::string_view key, const std::string& message) {
  throw ConfigError(fmt::format("[{}] {}: {}", section, key, message));
}

}  // namespace wav2vec
