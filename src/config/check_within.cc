#include "wav2vec/config/check_within.h"

#include <fmt/format.h>

#include "wav2vec/config/fields.h"

namespace wav2vec {

void check_within(std::string_view section, std::string_view key, double value, double least, double most) {
  if (!(value >= least && value <= most))
    fail_field(section, key, fmt::format("{} is not within {}..{}", value, least, most));
}

}  // namespace wav2vec
