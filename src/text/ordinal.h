#pragma once
// 1st, 2e, 1º, 2-й, 3., and English decades: 1940s.

#include <optional>

#include "text/amount.h"
#include "text/spoken_tables.h"
#include "text/spoken_unit.h"

namespace wav2vec {

std::optional<SpokenUnit> ordinal_at(const SpokenTables& tables, Characters text, const Amount& amount);
std::optional<SpokenUnit> decade_at(const SpokenTables& tables, Characters text, const Amount& amount);

}  // namespace wav2vec
