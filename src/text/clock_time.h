#pragma once
// 10:30, 10:30:15, French 10h30.

#include <optional>

#include "text/spoken_tables.h"
#include "text/spoken_unit.h"

namespace wav2vec {

std::optional<SpokenUnit> time_at(const SpokenTables& tables, Characters text, size_t at);

}  // namespace wav2vec
