#include "wav2vec/core/scratch.h"

#include <fcntl.h>
#include <fmt/format.h>
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

// Calls transfer(offset of the piece, bytes of the piece) for pieces of the range on all threads: what limits
// a file in the page cache is copying, and one core copies slowly. `error_at_end`: where nothing can be
// transferred. Returns an error number, or 0.
template <class Transfer>
int in_pieces(size_t bytes, int error_at_end, Transfer transfer) {
  constexpr size_t kPiece = size_t{1} << 20;
  const auto pieces = static_cast<int64_t>((bytes + kPiece - 1) / kPiece);
  int error = 0;
#pragma omp parallel for schedule(static) if (pieces > 1)
  for (int64_t i = 0; i < pieces; ++i) {
    size_t at = static_cast<size_t>(i) * kPiece;
    const size_t end = std::min(bytes, at + kPiece);
    int wrong = 0;
    while (at < end && wrong == 0) {
      const ssize_t n = transfer(at, end - at);
      if (n > 0) at += static_cast<size_t>(n);
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
  std::swap(file_, other.file_);
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
  const int error = in_pieces(bytes, ENOSPC, [&](size_t at, size_t some) {
    return ::pwrite(file_, static_cast<const std::byte*>(data) + at, some, static_cast<off_t>(offset + at));
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
  const int error = in_pieces(bytes, EIO, [&](size_t at, size_t some) {
    return ::pread(file_, static_cast<std::byte*>(out) + at, some, static_cast<off_t>(offset + at));
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
    array.file_ = open_file(bytes);
    files_in_use_ += bytes;
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

int ScratchSpace::open_file(uint64_t bytes) const {
  if (bytes > limits_.file_bytes - std::min(limits_.file_bytes, files_in_use_)) {
    throw DiskError(fmt::format(
        "{}: scratch files need {} MiB, more than the {} MiB allowed; free some space "
        "there or name another folder for scratch files (--scratch or TMPDIR)",
        printable(limits_.folder.string()), (files_in_use_ + bytes) >> 20, limits_.file_bytes >> 20));
  }
  std::string name = (limits_.folder / "wav2vec-scratch-XXXXXX").string();
  const int file = ::mkostemp(name.data(), O_CLOEXEC);
  if (file < 0) throw_scratch(limits_.folder, "make", errno);
  if (::unlink(name.c_str()) != 0) {
    const int error = errno;
    ::close(file);
    throw_scratch(limits_.folder, "make", error);
  }
  return file;
}

void ScratchSpace::release(ScratchArray& array) {
  if (array.file_ >= 0) {
    ::close(array.file_);
    files_in_use_ -= array.bytes();
    return;
  }
  memory_in_use_ -= array.bytes();
  for (Block& block : blocks_) {
    if (block.data == array.memory_) block.in_use = false;
  }
}

}  // namespace wav2vec
