#include "text/icu_error.h"

#include <fmt/format.h>

#include "wav2vec/core/error.h"

namespace wav2vec {

void check_icu(UErrorCode status, const std::string& what) {
  W2V_CHECK(U_SUCCESS(status), fmt::format("ICU: {}: {}", what, u_errorName(status)));
}

}  // namespace wav2vec
