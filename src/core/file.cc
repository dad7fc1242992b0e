#include "wav2vec/core/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <utility>
#include <vector>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

std::string shown(const fs::path& path) { return printable(path.string()); }

[[noreturn]] void throw_disk(const fs::path& path, const char* action, int error) {
  const char* advice = error == ENOSPC || error == EDQUOT ? "free some space or choose another folder"
                       : error == EFBIG                   ? "raise the limit on file sizes (ulimit -f)"
                       : error == EACCES || error == EPERM || error == EROFS
                           ? "choose a folder that you may write to"
                           : "choose another place";
  throw DiskError(fmt::format("{}: cannot {}: {}; {}", shown(path), action, std::strerror(error), advice));
}

void write_fully(int descriptor, const void* data, size_t bytes, const fs::path& path) {
  const auto* at = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t n = ::write(descriptor, at, bytes);
    if (n < 0) {
      if (errno == EINTR) continue;
      throw_disk(path, "write", errno);
    }
    at += n;
    bytes -= static_cast<size_t>(n);
  }
}

/// The process of "<name>.tmp-<process>-<number>"; 0 for any other name.
pid_t temporary_owner(std::string_view name) {
  constexpr std::string_view kMark = ".tmp-";
  const size_t mark = name.rfind(kMark);
  if (mark == std::string_view::npos || mark == 0) return 0;
  const std::string_view tail = name.substr(mark + kMark.size());
  const char* const end = tail.data() + tail.size();
  pid_t process = 0;
  unsigned number = 0;
  const auto first = std::from_chars(tail.data(), end, process);
  if (first.ec != std::errc() || process <= 0 || first.ptr == end || *first.ptr != '-') return 0;
  const auto second = std::from_chars(first.ptr + 1, end, number);
  return second.ec == std::errc() && second.ptr == end ? process : 0;
}

bool is_stale_temporary(const fs::path& path) {
  const pid_t process = temporary_owner(path.filename().native());
  if (process == 0 || process == ::getpid()) return false;
  if (::kill(process, 0) == 0 || errno != ESRCH) return false;
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
  if (descriptor < 0) return false;
  const bool held = ::flock(descriptor, LOCK_EX | LOCK_NB) != 0;
  ::close(descriptor);
  return !held;
}

}  // namespace

std::string read_file(const fs::path& path, uint64_t max_bytes) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0)
    throw DataError(fmt::format("{}: cannot open: {}; check the path", shown(path), std::strerror(errno)));
  struct Closer {
    int fd;
    ~Closer() { ::close(fd); }
  } closer{descriptor};

  struct stat status {};
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode))
    throw DataError(fmt::format("{}: not a regular file", shown(path)));
  const auto size = static_cast<uint64_t>(status.st_size);
  if (size > max_bytes)
    throw DataError(
        fmt::format("{}: {} bytes, more than the {} expected here at most", shown(path), size, max_bytes));
  std::string bytes(size, '\0');
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::read(descriptor, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw DataError(fmt::format("{}: cannot read: {}", shown(path), std::strerror(errno)));
    if (n == 0) throw DataError(fmt::format("{}: ends at byte {} of {}", shown(path), done, bytes.size()));
    done += static_cast<size_t>(n);
  }
  return bytes;
}

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)) {
  static std::atomic<unsigned> counter{0};
  std::error_code error;
  if (path_.has_parent_path()) fs::create_directories(path_.parent_path(), error);
  if (error) throw_disk(path_.parent_path(), "make the folder", error.value());
  temporary_ = path_;
  temporary_ += fmt::format(".tmp-{}-{}", ::getpid(), counter++);
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw_disk(path_, "write", errno);
  // In another container or on another machine our process number says nothing to remove_stale_temporaries().
  ::flock(descriptor_, LOCK_EX | LOCK_NB);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

void AtomicFile::write(const void* data, size_t bytes) {
  write_fully(descriptor_, data, bytes, path_);
  size_ += bytes;
}

void AtomicFile::write(std::string_view bytes) { write(bytes.data(), bytes.size()); }

void AtomicFile::write_at(uint64_t offset, const void* data, size_t bytes) {
  W2V_CHECK(offset + bytes <= size_, "write_at beyond the end");
  const auto* at = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t n = ::pwrite(descriptor_, at, bytes, static_cast<off_t>(offset));
    if (n < 0) {
      if (errno == EINTR) continue;
      throw_disk(path_, "write", errno);
    }
    at += n;
    offset += static_cast<uint64_t>(n);
    bytes -= static_cast<size_t>(n);
  }
}

void AtomicFile::commit() {
  W2V_CHECK(descriptor_ >= 0, "committed twice");
  if (::fsync(descriptor_) != 0) throw_disk(path_, "write to disk", errno);
  publish();
  sync_folder(path_.has_parent_path() ? path_.parent_path() : fs::path("."));
}

void AtomicFile::publish() {
  W2V_CHECK(descriptor_ >= 0, "committed twice");
  const int descriptor = descriptor_;
  descriptor_ = -1;
  if (::close(descriptor) != 0 || ::rename(temporary_.c_str(), path_.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary_.c_str());
    throw_disk(path_, "put the finished file in place", error);
  }
}

void remove_stale_temporaries(const fs::path& folder) {
  std::vector<fs::path> stale;
  std::error_code error;
  constexpr auto kOptions = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator at(folder, kOptions, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code unknown;
    if (at->symlink_status(unknown).type() == fs::file_type::regular && is_stale_temporary(at->path()))
      stale.push_back(at->path());
  }
  for (const fs::path& path : stale) ::unlink(path.c_str());
}

void write_file(const fs::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

AppendFile::AppendFile(fs::path path) : path_(std::move(path)) {
  std::error_code error;
  if (path_.has_parent_path()) fs::create_directories(path_.parent_path(), error);
  if (error) throw_disk(path_.parent_path(), "make the folder", error.value());
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw_disk(path_, "write", errno);
}

AppendFile::~AppendFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

AppendFile::AppendFile(AppendFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

AppendFile& AppendFile::operator=(AppendFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

void AppendFile::append(std::string_view bytes) {
  const off_t before = ::lseek(descriptor_, 0, SEEK_END);
  try {
    write_fully(descriptor_, bytes.data(), bytes.size(), path_);
  } catch (const DiskError&) {
    if (before < 0 || ::ftruncate(descriptor_, before) != 0) {
      // Readers drop a torn record; the error that counts is the one on its way.
    }
    throw;
  }
}

void AppendFile::sync() {
  if (::fsync(descriptor_) != 0) throw_disk(path_, "write to disk", errno);
}

void sync_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) throw_disk(folder, "open the folder", errno);
  const int result = ::fsync(descriptor);
  const int error = errno;
  ::close(descriptor);
  // Some network file systems have no fsync for folders; they answer EINVAL and order renames themselves.
  if (result != 0 && error != EINVAL) throw_disk(folder, "write the folder to disk", error);
}

void make_writable_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw_disk(folder, "make the folder", error.value());
  const fs::path probe = folder / fmt::format(".write-test-{}", ::getpid());
  const int descriptor = ::open(probe.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor < 0) throw_disk(folder, "write into the folder", errno);
  ::close(descriptor);
  ::unlink(probe.c_str());
}

uint64_t free_bytes(const fs::path& folder) {
  std::error_code error;
  const fs::space_info space = fs::space(folder, error);
  if (error) throw_disk(folder, "ask for free space", error.value());
  return space.available;
}

}  // namespace wav2vec
