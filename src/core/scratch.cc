#include "wav2vec/core/scratch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/large_memory.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void throw_scratch(const fs::path& folder, const char* action, int error) {
  throw DiskError(fmt::format(
      "{}: cannot {} a scratch file: {}; free some space there or name another folder for scratch "
      "files (--scratch or TMPDIR)",
      printable(folder.string()), action, std::strerror(error)));
}

constexpr uint64_t kBlock = uint64_t{1} << 20;
constexpr uint64_t kStripeFrom = uint64_t{64} << 20;
constexpr uint64_t kMostStripes = 4;

// Calls transfer(file, offset in it, offset in the range, bytes) for the blocks of bytes [begin, end) of an
// array on all threads: what limits a file in the page cache is copying, and one core copies slowly.
// `error_at_end`: where nothing can be transferred. Returns an error number, or 0.
template <class Transfer>
int in_blocks(const std::vector<int>& stripes, uint64_t begin, uint64_t end, int error_at_end,
              Transfer transfer) {
  if (begin == end) return 0;
  const auto first = static_cast<int64_t>(begin / kBlock);
  const auto last = static_cast<int64_t>((end - 1) / kBlock);
  int error = 0;
#pragma omp parallel for schedule(static) if (last > first)
  for (int64_t i = first; i <= last; ++i) {
    const auto block = static_cast<uint64_t>(i);
    const int file = stripes[block % stripes.size()];
    const uint64_t in_file = block / stripes.size() * kBlock;
    uint64_t at = std::max(begin, block * kBlock);
    const uint64_t stop = std::min(end, (block + 1) * kBlock);
    int wrong = 0;
    while (at < stop && wrong == 0) {
      const ssize_t n = transfer(file, static_cast<off_t>(in_file + at % kBlock), at - begin,
                                 static_cast<size_t>(stop - at));
      if (n > 0) at += static_cast<uint64_t>(n);
      if (n == 0) wrong = error_at_end;
      if (n < 0 && errno != EINTR) wrong = errno;
    }
    if (wrong != 0) {
#pragma omp atomic write
      error = wrong;
    }
  }
  return error;
}

int open_nameless(const fs::path& folder) {
  std::string name = (folder / "wav2vec-scratch-XXXXXX").string();
  const int file = ::mkostemp(name.data(), O_CLOEXEC);
  if (file < 0) throw_scratch(folder, "make", errno);
  if (::unlink(name.c_str()) != 0) {
    const int error = errno;
    ::close(file);
    throw_scratch(folder, "make", error);
  }
  return file;
}

// To what an array of `bytes` takes, so that files never hold more than their arrays.
void shorten(const std::vector<int>& stripes, uint64_t bytes, const fs::path& folder) {
  const uint64_t blocks = (bytes + kBlock - 1) / kBlock;
  for (size_t i = 0; i < stripes.size(); ++i) {
    const uint64_t mine = (blocks + stripes.size() - 1 - i) / stripes.size();
    struct stat now {};
    const auto most = static_cast<off_t>(mine * kBlock);
    if (::fstat(stripes[i], &now) != 0 || (now.st_size > most && ::ftruncate(stripes[i], most) != 0))
      throw_scratch(folder, "shorten", errno);
  }
}

}  // namespace

fs::path default_scratch_folder() {
  std::error_code error;
  fs::path folder = fs::temp_directory_path(error);  // looks at TMPDIR first
  return error ? fs::path("/tmp") : folder;
}

ScratchArray::ScratchArray(ScratchArray&& other) noexcept { *this = std::move(other); }

ScratchArray& ScratchArray::operator=(ScratchArray&& other) noexcept {
  std::swap(space_, other.space_);
  std::swap(rows_, other.rows_);
  std::swap(bytes_per_row_, other.bytes_per_row_);
  std::swap(memory_, other.memory_);
  std::swap(stripes_, other.stripes_);
  return *this;
}

ScratchArray::~ScratchArray() {
  if (space_ != nullptr) space_->release(*this);
}

void ScratchArray::write(int64_t first, int64_t count, const void* data) {
  W2V_CHECK(first >= 0 && count >= 0 && first + count <= rows_, "rows outside the scratch array");
  const uint64_t offset = static_cast<uint64_t>(first) * bytes_per_row_;
  const size_t bytes = static_cast<size_t>(count) * bytes_per_row_;
  if (memory_ != nullptr) {
    std::memcpy(memory_ + offset, data, bytes);
    return;
  }
  const int error = in_blocks(
      *stripes_, offset, offset + bytes, ENOSPC, [&](int file, off_t in_file, uint64_t at, size_t some) {
        return ::pwrite(file, static_cast<const std::byte*>(data) + at, some, in_file);
      });
  if (error != 0) throw_scratch(space_->limits_.folder, "write", error);
}

void ScratchArray::read(int64_t first, int64_t count, void* out) const {
  W2V_CHECK(first >= 0 && count >= 0 && first + count <= rows_, "rows outside the scratch array");
  const uint64_t offset = static_cast<uint64_t>(first) * bytes_per_row_;
  const size_t bytes = static_cast<size_t>(count) * bytes_per_row_;
  if (memory_ != nullptr) {
    std::memcpy(out, memory_ + offset, bytes);
    return;
  }
  const int error = in_blocks(*stripes_, offset, offset + bytes, EIO,
                              [&](int file, off_t in_file, uint64_t at, size_t some) {
                                return ::pread(file, static_cast<std::byte*>(out) + at, some, in_file);
                              });
  if (error != 0) throw_scratch(space_->limits_.folder, "read", error);
}

ScratchSpace::ScratchSpace(ScratchLimits limits) : limits_(std::move(limits)) {
  if (limits_.folder.empty()) limits_.folder = default_scratch_folder();
}

ScratchSpace::~ScratchSpace() {
  for (const Block& block : blocks_) free_large(block.data);
}

ScratchArray ScratchSpace::make(int64_t rows, size_t bytes_per_row) {
  ScratchArray array;
  array.rows_ = rows;
  array.bytes_per_row_ = bytes_per_row;
  const uint64_t bytes = array.bytes();
  if (memory_in_use_ + bytes <= limits_.memory_bytes) {
    array.memory_ = take_memory(bytes);
    memory_in_use_ += bytes;
  } else {
    array.stripes_ = &take_files(bytes);
  }
  array.space_ = this;
  return array;
}

// The smallest free block that is large enough, else a new one, for which free blocks make room.
std::byte* ScratchSpace::take_memory(uint64_t bytes) {
  Block* best = nullptr;
  uint64_t held = 0;
  for (Block& block : blocks_) {
    held += block.bytes;
    if (!block.in_use && block.bytes >= bytes && (best == nullptr || block.bytes < best->bytes))
      best = &block;
  }
  if (best == nullptr) {
    std::erase_if(blocks_, [&](const Block& block) {
      if (block.in_use || held + bytes <= limits_.memory_bytes) return false;
      held -= block.bytes;
      free_large(block.data);
      return true;
    });
    blocks_.push_back({static_cast<std::byte*>(allocate_large(std::max<size_t>(bytes, 1))), bytes, false});
    best = &blocks_.back();
  }
  best->in_use = true;
  return best->data;
}

ScratchSpace::Files::~Files() {
  for (const int file : stripes) ::close(file);
}

// The smallest that held as much, else the largest; null: there are none.
ScratchSpace::Files* ScratchSpace::best_unused_files(uint64_t bytes) const {
  Files* best = nullptr;
  for (const auto& files : files_) {
    if (files->in_use) continue;
    const bool enough = files->bytes >= bytes;
    const bool better = best == nullptr || (best->bytes < bytes ? files->bytes > best->bytes
                                                                : enough && files->bytes < best->bytes);
    if (better) best = files.get();
  }
  return best;
}

// Beside what is held already, in new files where `reused` is null.
bool ScratchSpace::fits_on_disk(uint64_t bytes, const Files* reused) const {
  uint64_t held = 0;
  for (const auto& files : files_) held += files->bytes;
  if (reused != nullptr) bytes -= std::min(bytes, reused->bytes);
  return bytes <= limits_.file_bytes - std::min(limits_.file_bytes, held);
}

const std::vector<int>& ScratchSpace::take_files(uint64_t bytes) {
  Files* files = best_unused_files(bytes);
  if (!fits_on_disk(bytes, files)) {
    drop_unused_files();
    files = nullptr;
    if (!fits_on_disk(bytes, files)) {
      throw DiskError(fmt::format(
          "{}: scratch files need {} MiB, more than the {} MiB allowed; free some space "
          "there or name another folder for scratch files (--scratch or TMPDIR)",
          printable(limits_.folder.string()), (bytes_in_files() + bytes) >> 20, limits_.file_bytes >> 20));
    }
  }
  if (files == nullptr) {
    auto made = std::make_unique<Files>();
    const uint64_t stripes = std::clamp<uint64_t>(bytes / kStripeFrom, 1, kMostStripes);
    while (made->stripes.size() < stripes) made->stripes.push_back(open_nameless(limits_.folder));
    files = files_.emplace_back(std::move(made)).get();
  }
  if (files->bytes > bytes) shorten(files->stripes, bytes, limits_.folder);
  files->bytes = bytes;
  files->in_use = true;
  return files->stripes;
}

uint64_t ScratchSpace::bytes_in_files() const {
  uint64_t bytes = 0;
  for (const auto& files : files_) bytes += files->in_use ? files->bytes : 0;
  return bytes;
}

void ScratchSpace::drop_unused_files() {
  std::erase_if(files_, [](const auto& files) { return !files->in_use; });
}

void ScratchSpace::release(ScratchArray& array) {
  if (array.stripes_ != nullptr) {
    for (const auto& files : files_) {
      if (&files->stripes == array.stripes_) files->in_use = false;
    }
    return;
  }
  memory_in_use_ -= array.bytes();
  for (Block& block : blocks_) {
    if (block.data == array.memory_) block.in_use = false;
  }
}

}  // namespace wav2vec
