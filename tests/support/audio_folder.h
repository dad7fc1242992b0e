#pragma once
// A folder of audio of different lengths, some of it one folder below.

#include <filesystem>
#include <string>

#include "support/audio_files.h"
#include "support/speech_like.h"

namespace wav2vec::test {

/// u0.wav … u6.wav, those with odd numbers in deep/.
inline void write_audio_folder(const std::filesystem::path& audio) {
  std::filesystem::create_directories(audio / "deep");
  for (uint64_t i = 0; i < 7; ++i) {
    const std::filesystem::path name =
        (i % 2 == 0 ? audio : audio / "deep") / ("u" + std::to_string(i) + ".wav");
    write_audio(name, glide(i, 4000 + 3000 * static_cast<int64_t>(i)));
  }
}

}  // namespace wav2vec::test
