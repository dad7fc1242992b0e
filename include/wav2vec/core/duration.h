#pragma once
// Times as a person would say them.

#include <string>

namespace wav2vec {

/// "45 s", "12 min", "1 h 02 min", "3 d 04 h"; "?" when not finite or negative.
std::string format_duration(double seconds);

/// An amount of audio, which is counted in hours however many: "0.6 s", "45 s", "12 min", "960.12 h".
std::string format_audio_length(double seconds);

}  // namespace wav2vec
