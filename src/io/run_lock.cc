#include "wav2vec/io/run_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"
#include "wav2vec/core/log.h"

namespace wav2vec {
namespace {

/// The process number that the holder wrote into the file, for the message only.
std::string holder_of(int descriptor) {
  std::array<char, 32> text{};
  const ssize_t n = ::pread(descriptor, text.data(), text.size(), 0);
  const std::string digits(text.data(), static_cast<size_t>(std::max<ssize_t>(n, 0)));
  return fmt::format("process {}", printable(digits.substr(0, digits.find('\n'))));
}

}  // namespace

RunLock::RunLock(const std::filesystem::path& folder, Kind kind, const std::string& lock_name) {
  make_writable_folder(folder);
  const std::filesystem::path path = folder / lock_name;
  const std::string name = printable(path.string());
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw DiskError(fmt::format("{}: cannot open: {}", name, std::strerror(errno)));
  if (::flock(descriptor_, (kind == Kind::shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0) {
    const int error = errno;
    if (error == EWOULDBLOCK) {
      const std::string holder = holder_of(descriptor_);
      ::close(std::exchange(descriptor_, -1));
      throw DiskError(fmt::format("{}: {} is writing here; wait for it or choose another folder",
                                  printable(folder.string()), holder));
    }
    // Some network file systems have no locks; a run there is better than none.
    log_warning(fmt::format("{}: cannot lock ({}); make sure that no other process writes here", name,
                            std::strerror(error)));
    return;
  }
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(descriptor_, 0) != 0 ||
      ::pwrite(descriptor_, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    const int error = errno;
    ::close(std::exchange(descriptor_, -1));
    throw DiskError(fmt::format("{}: cannot write: {}", name, std::strerror(error)));
  }
}

RunLock::~RunLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void RunLock::share() { ::flock(descriptor_, LOCK_SH | LOCK_NB); }

RunLock::RunLock(RunLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

RunLock& RunLock::operator=(RunLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

}  // namespace wav2vec
