#pragma once
// How words are pronounced, by espeak-ng's rules. The only file that knows espeak-ng is espeak.cc; without it
// everything here throws ConfigError.

#include <string>
#include <string_view>
#include <vector>

namespace wav2vec {

/// The name of a voice for a language ("cs", "pt-BR"). Throws ConfigError for one that espeak-ng has no rules
/// for, and in a build without espeak-ng.
std::string espeak_voice(const std::string& language);

/// The phones (IPA, with stress, length and tone) of each stretch of `clause` that espeak-ng says as one:
/// usually a word, but also "of the", and a compound or number may be several. `clause`: UTF-8, a few hundred
/// bytes at most. Words of other languages may be said in theirs. One thread at a time gets its turn, for
/// espeak-ng has a single state.
std::vector<std::string> espeak_phones(const std::string& voice, std::string_view clause);

}  // namespace wav2vec
