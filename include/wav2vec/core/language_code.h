#pragma once

#include <string_view>

namespace wav2vec {

/// Whether two codes name one language, whatever its region or script: "en" and "eng" and "en-GB", "de" and
/// "ger" (ISO 639-2/B) and "deu" (639-2/T). An empty code names none.
bool same_language(std::string_view a, std::string_view b);

}  // namespace wav2vec
