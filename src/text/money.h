#pragma once
// $2.50, 25 Kč, EUR 5, $5 million.

#include <optional>

#include "text/amount.h"
#include "text/spoken_tables.h"
#include "text/spoken_unit.h"

namespace wav2vec {

/// Where a currency's sign begins before an amount.
std::optional<SpokenUnit> money_at(const SpokenTables& tables, Characters text, size_t at);
/// Where a currency's sign follows an amount.
std::optional<SpokenUnit> money_behind(const SpokenTables& tables, Characters text, const Amount& amount);

}  // namespace wav2vec
