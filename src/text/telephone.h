#pragma once
// Groups of digits that are read one by one: 555-1234, 800-555-0199; and dates like 2020-01-31.

#include <optional>

#include "text/spoken_tables.h"
#include "text/spoken_unit.h"

namespace wav2vec {

std::optional<SpokenUnit> telephone_at(const SpokenTables& tables, Characters text, size_t at);

}  // namespace wav2vec
