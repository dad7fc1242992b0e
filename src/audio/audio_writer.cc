#include "wav2vec/audio/audio_writer.h"

#include <fmt/format.h>
#include <sndfile.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"

namespace wav2vec {
namespace {

/// libsndfile's view of a file that is being written in memory.
struct MemoryFile {
  std::string bytes;
  size_t position = 0;
};

SF_VIRTUAL_IO memory_io() {
  SF_VIRTUAL_IO io{};
  io.get_filelen = [](void* user) {
    return static_cast<sf_count_t>(static_cast<MemoryFile*>(user)->bytes.size());
  };
  io.seek = [](sf_count_t offset, int whence, void* user) {
    auto& file = *static_cast<MemoryFile*>(user);
    const auto from = whence == SEEK_SET   ? sf_count_t{0}
                      : whence == SEEK_CUR ? static_cast<sf_count_t>(file.position)
                                           : static_cast<sf_count_t>(file.bytes.size());
    file.position = static_cast<size_t>(std::max<sf_count_t>(from + offset, 0));
    return static_cast<sf_count_t>(file.position);
  };
  io.read = [](void* target, sf_count_t count, void* user) {
    auto& file = *static_cast<MemoryFile*>(user);
    const size_t n = file.bytes.copy(static_cast<char*>(target), static_cast<size_t>(count),
                                     std::min(file.position, file.bytes.size()));
    file.position += n;
    return static_cast<sf_count_t>(n);
  };
  io.write = [](const void* source, sf_count_t count, void* user) {
    auto& file = *static_cast<MemoryFile*>(user);
    const auto n = static_cast<size_t>(count);
    if (file.bytes.size() < file.position + n) file.bytes.resize(file.position + n);
    std::copy_n(static_cast<const char*>(source), n,
                file.bytes.begin() + static_cast<std::ptrdiff_t>(file.position));
    file.position += n;
    return count;
  };
  io.tell = [](void* user) { return static_cast<sf_count_t>(static_cast<MemoryFile*>(user)->position); };
  return io;
}

}  // namespace

void write_audio(const std::filesystem::path& path, std::span<const float> samples, int64_t sample_rate_hz) {
  SF_INFO info{};
  info.samplerate = static_cast<int>(sample_rate_hz);
  info.channels = 1;
  info.format = (path.extension() == ".flac" ? SF_FORMAT_FLAC : SF_FORMAT_WAV) | SF_FORMAT_PCM_16;
  MemoryFile memory;
  SF_VIRTUAL_IO io = memory_io();
  std::unique_ptr<SNDFILE, decltype(&sf_close)> file(sf_open_virtual(&io, SFM_WRITE, &info, &memory),
                                                     sf_close);
  W2V_CHECK(file != nullptr, "libsndfile writes WAV and FLAC");
  sf_command(file.get(), SFC_SET_CLIPPING, nullptr, SF_TRUE);
  const auto count = static_cast<sf_count_t>(samples.size());
  if (sf_writef_float(file.get(), samples.data(), count) != count)
    throw DiskError(
        fmt::format("{}: cannot be encoded: {}", printable(path.string()), sf_strerror(file.get())));
  file.reset();  // completes the header
  write_file(path, memory.bytes);
}

}  // namespace wav2vec
