#pragma once

#include <unicode/utypes.h>

#include <string>

namespace wav2vec {

/// Throws InternalError: ICU refused what its documentation promises, or its data files are missing.
void check_icu(UErrorCode status, const std::string& what);

}  // namespace wav2vec
