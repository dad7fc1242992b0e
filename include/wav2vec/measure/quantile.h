#pragma once

#include <span>

namespace wav2vec {

/// The value below which `share` (0 to 1) of the sorted values lie, linear between the two neighbours in
/// order. There is at least one value.
double quantile(std::span<const double> sorted, double share);

}  // namespace wav2vec
