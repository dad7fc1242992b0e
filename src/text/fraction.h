#pragma once
// 1/2, ¾, 2½.

#include <optional>

#include "text/amount.h"
#include "text/spoken_tables.h"
#include "text/spoken_unit.h"

namespace wav2vec {

/// Of a whole number, the slash and number behind it.
std::optional<SpokenUnit> fraction_at(const SpokenTables& tables, Characters text, const NumberToken& above);
/// Of a number, the sign like ½ behind it.
std::optional<SpokenUnit> mixed_at(const SpokenTables& tables, Characters text, const Amount& amount);
/// A sign like ½ alone.
std::optional<SpokenUnit> vulgar_fraction_at(const SpokenTables& tables, Characters text, size_t at);

}  // namespace wav2vec
