#pragma once

#include <string>

namespace wav2vec {

/// ICU's name ("pt_BR") of a BCP 47 tag ("pt-BR"). Throws ConfigError for what is none, or a language unknown
/// to ICU.
std::string locale_of(const std::string& language);

bool is_known_language(const std::string& language);

}  // namespace wav2vec
