#pragma once
// 50 %, -5 °C, 72°F.

#include <optional>

#include "text/amount.h"
#include "text/spoken_tables.h"
#include "text/spoken_unit.h"

namespace wav2vec {

std::optional<SpokenUnit> with_percent(const SpokenTables& tables, Characters text, const Amount& amount);
std::optional<SpokenUnit> with_degrees(const SpokenTables& tables, Characters text, const Amount& amount);

}  // namespace wav2vec
