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
#include <map>
#include <mutex>
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

constexpr std::string_view kMark = ".tmp-";

/// "<base>.tmp-<process>-<number>"; no process for any other name.
struct TemporaryName {
  std::string base;
  pid_t process = 0;
};

TemporaryName parse_temporary(const std::string& name) {
  const size_t mark = name.rfind(kMark);
  if (mark == std::string::npos || mark == 0) return {};
  const char* const end = name.data() + name.size();
  pid_t process = 0;
  unsigned number = 0;
  const auto first = std::from_chars(name.data() + mark + kMark.size(), end, process);
  if (first.ec != std::errc() || process <= 0 || first.ptr == end || *first.ptr != '-') return {};
  const auto second = std::from_chars(first.ptr + 1, end, number);
  if (second.ec != std::errc() || second.ptr != end) return {};
  return {name.substr(0, mark), process};
}

/// Held while a temporary is made and not locked yet, and while one is looked at.
std::mutex& temporaries_mutex() {
  static std::mutex mutex;
  return mutex;
}

/// One that nobody holds, of a process that is gone. In a container ours may have the number of that process.
void remove_if_stale(const fs::path& path, pid_t process) {
  const std::lock_guard lock(temporaries_mutex());
  if (process != ::getpid() && (::kill(process, 0) == 0 || errno != ESRCH)) return;
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return;
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
  if (descriptor < 0) return;
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) ::unlink(path.c_str());
  ::close(descriptor);
}

/// Name and process of the temporaries in a folder, by the file that they were to become.
using Temporaries = std::multimap<std::string, std::pair<std::string, pid_t>>;

Temporaries temporaries_in(const fs::path& folder) {
  Temporaries found;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().native();
    TemporaryName parsed = parse_temporary(name);
    if (parsed.process != 0) found.emplace(std::move(parsed.base), std::pair(name, parsed.process));
  }
  return found;
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

/// What earlier processes left of this file. A folder is listed once, for it may get a million files.
void remove_left_behind(const fs::path& path) {
  static std::mutex mutex;
  static std::map<std::string, Temporaries> listed;
  const fs::path folder = folder_of(path);
  Temporaries left;
  {
    const std::lock_guard lock(mutex);
    const auto [at, is_new] = listed.try_emplace(folder.native());
    if (is_new) at->second = temporaries_in(folder);
    const auto [first, last] = at->second.equal_range(path.filename().native());
    left.insert(first, last);
    at->second.erase(first, last);
  }
  for (const auto& [base, temporary] : left) remove_if_stale(folder / temporary.first, temporary.second);
}

/// A new file with the first free of the names that `name` makes of 0, 1, …; -1 and errno when there is none.
int create_first_free(std::atomic<unsigned>& counter, fs::path& path,
                      const std::function<fs::path(unsigned)>& name) {
  constexpr int kMostTries = 10'000;
  int descriptor = -1;
  for (int i = 0; i < kMostTries; ++i) {
    path = name(counter++);
    descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor >= 0 || errno != EEXIST) break;
  }
  return descriptor;
}

}  // namespace

InputFile::InputFile(const fs::path& path)
    : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  if (descriptor_ < 0)
    throw DataError(fmt::format("{}: cannot open: {}; check the path", shown(path), std::strerror(errno)));
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    throw DataError(fmt::format("{}: not a regular file; check the path", shown(path)));
  }
  size_ = static_cast<uint64_t>(status.st_size);
}

InputFile::~InputFile() { ::close(descriptor_); }

size_t InputFile::read(char* out, size_t bytes) {
  for (;;) {
    const ssize_t n = ::read(descriptor_, out, bytes);
    if (n >= 0) return static_cast<size_t>(n);
    if (errno != EINTR)
      throw DataError(fmt::format("{}: cannot read: {}", shown(path_), std::strerror(errno)));
  }
}

std::string read_file(const fs::path& path, uint64_t max_bytes) {
  InputFile file(path);
  if (file.size() > max_bytes)
    throw DataError(fmt::format("{}: {} bytes, more than the {} expected here at most", shown(path),
                                file.size(), max_bytes));
  std::string bytes(file.size(), '\0');
  for (size_t done = 0; done < bytes.size();) {
    const size_t n = file.read(bytes.data() + done, bytes.size() - done);
    if (n == 0) throw DataError(fmt::format("{}: ends at byte {} of {}", shown(path), done, bytes.size()));
    done += n;
  }
  return bytes;
}

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)) {
  static std::atomic<unsigned> counter{0};
  std::error_code error;
  if (path_.has_parent_path()) fs::create_directories(path_.parent_path(), error);
  if (error) throw_disk(path_.parent_path(), "make the folder", error.value());
  // Renaming over a device or pipe would take it away from everybody.
  if (const fs::file_status status = fs::status(path_, error);
      fs::exists(status) && !fs::is_regular_file(status))
    throw DiskError(fmt::format("{}: cannot write: is no regular file; choose another name", shown(path_)));
  remove_left_behind(path_);
  const std::lock_guard lock(temporaries_mutex());
  descriptor_ = create_first_free(counter, temporary_, [&](unsigned number) {
    return fs::path(path_) += fmt::format("{}{}-{}", kMark, ::getpid(), number);
  });
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
  sync_folder(folder_of(path_));
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

void remove_stale_temporaries(const fs::path& folder,
                              const std::function<bool(const std::string&)>& is_ours) {
  for (const auto& [base, temporary] : temporaries_in(folder))
    if (is_ours(base)) remove_if_stale(folder / temporary.first, temporary.second);
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
  static std::atomic<unsigned> counter{0};
  fs::path probe;
  const int descriptor = create_first_free(counter, probe, [&](unsigned number) {
    return folder / fmt::format(".write-test-{}-{}", ::getpid(), number);
  });
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
