#include "wav2vec/core/scratch.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <csignal>
#include <numeric>
#include <string>
#include <vector>

#include "support/temporary_folder.h"
#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

// Files of this process may not grow beyond `bytes`, as on a disk that is full.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  void (*handler_)(int);
  rlimit before_{};
};

std::string message_of(auto f) {
  try {
    f();
  } catch (const DiskError& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("scratch: rows come back, from memory and from a file, and the file has no name") {
  const TemporaryFolder folder;
  std::vector<int> values(3000);
  std::iota(values.begin(), values.end(), 7);
  for (const uint64_t memory : {uint64_t{0}, uint64_t{1} << 20}) {
    ScratchSpace space({.memory_bytes = memory, .folder = folder.path()});
    ScratchArray array = space.make(1000, 3 * sizeof(int));
    CHECK((array.memory() == nullptr) == (memory == 0));
    CHECK(std::filesystem::is_empty(folder.path()));
    array.write(600, 400, values.data() + 1800);
    array.write(0, 600, values.data());
    const ScratchArray moved = std::move(array);
    std::vector<int> out(300);
    moved.read(550, 100, out.data());
    CHECK(std::equal(out.begin(), out.end(), values.begin() + 1650));
    CHECK_THROWS_AS(moved.read(901, 100, out.data()), InternalError);
    CHECK(space.bytes_in_memory() + space.bytes_in_files() == 12000);
  }
}

TEST_CASE("scratch: arrays share the memory, the rest goes to files, and what is gone is used again") {
  const TemporaryFolder folder;
  ScratchSpace space({.memory_bytes = 10000, .folder = folder.path(), .file_bytes = 9000});
  ScratchArray a = space.make(60, 100);
  const std::byte* const first = a.memory();
  ScratchArray b = space.make(60, 100);
  CHECK(first != nullptr);
  CHECK(b.memory() == nullptr);
  const std::string message = message_of([&] { space.make(50, 100); });
  CHECK(message.find(folder.path().string()) == 0);
  CHECK(message.find("--scratch") != std::string::npos);
  CHECK(space.bytes_in_files() == 6000);
  a = {};
  CHECK(space.bytes_in_memory() == 0);
  const ScratchArray c = space.make(50, 100);
  CHECK(c.memory() == first);
  b = {};
  CHECK(space.bytes_in_files() == 0);
}

// The open files of this process that have no name.
int64_t open_nameless_files(const std::filesystem::path& folder) {
  int64_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const std::string target = std::filesystem::read_symlink(entry.path(), error).string();
    count += target.rfind(folder.string(), 0) == 0 && target.find(" (deleted)") != std::string::npos ? 1 : 0;
  }
  return count;
}

TEST_CASE("scratch: an array over several files gives back any range, and shares none with another") {
  const TemporaryFolder folder;
  ScratchSpace space({.memory_bytes = 0, .folder = folder.path()});
  constexpr int64_t kRows = 60'000;  // of 4,000 bytes: three stripes, with ends inside rows
  constexpr size_t kWidth = 1000;
  std::vector<uint32_t> values(static_cast<size_t>(kRows) * kWidth);
  std::iota(values.begin(), values.end(), 1U);
  ScratchArray array = space.make(kRows, kWidth * sizeof(uint32_t));
  CHECK(open_nameless_files(folder.path()) == 3);
  ScratchArray other = space.make(kRows, kWidth * sizeof(uint32_t));
  array.write(0, 1, values.data());
  array.write(1, kRows - 1, values.data() + kWidth);
  other.write(0, 20'000, values.data() + 1);
  std::vector<uint32_t> out;
  for (const auto& [first, count] :
       {std::pair<int64_t, int64_t>{0, kRows}, {262, 1}, {263, 600}, {kRows - 7, 7}}) {
    out.assign(static_cast<size_t>(count) * kWidth, 0);
    array.read(first, count, out.data());
    CHECK(std::equal(out.begin(), out.end(), values.begin() + first * static_cast<int64_t>(kWidth)));
  }
}

TEST_CASE("scratch: files are used again, within the limit, until they are dropped") {
  const TemporaryFolder folder;
  ScratchSpace space({.memory_bytes = 0, .folder = folder.path(), .file_bytes = 10000});
  const auto files = [&] { return open_nameless_files(folder.path()); };
  ScratchArray large = space.make(60, 100);
  ScratchArray small = space.make(30, 100);
  CHECK(files() == 2);
  large = {};
  small = {};
  CHECK(space.bytes_in_files() == 0);
  CHECK(files() == 2);
  small = space.make(20, 100);  // where `small` was
  large = space.make(50, 100);
  CHECK(files() == 2);
  large = {};
  // What nobody uses grows where there is room for it.
  large = space.make(65, 100);
  CHECK(files() == 2);
  ScratchArray third;
  CHECK(!message_of([&] { third = space.make(20, 100); }).empty());
  // Files that were made for more hold no more than what lies in them now.
  large = {};
  large = space.make(10, 100);
  third = space.make(70, 100);
  third = {};
  large = {};
  space.drop_unused_files();
  CHECK(files() == 1);
  third = space.make(70, 100);
  CHECK(files() == 2);
}

TEST_CASE("scratch: a folder that is not there and a disk that is full are one message and no file") {
  const TemporaryFolder folder;
  const auto absent = folder.path() / "absent";
  ScratchSpace nowhere({.memory_bytes = 0, .folder = absent});
  CHECK(message_of([&] { nowhere.make(1, 1); }).find(absent.string()) == 0);

  ScratchSpace space({.memory_bytes = 0, .folder = folder.path()});
  const std::vector<char> bytes(100000);
  const std::string message = message_of([&] {
    ScratchArray array = space.make(10, bytes.size());
    const FileSizeLimit limit(250000);
    for (int64_t row = 0; row < 10; ++row) array.write(row, 1, bytes.data());
  });
  CHECK(message.find(folder.path().string() + ": cannot write a scratch file") == 0);
  CHECK(message.find('\n') == std::string::npos);
  CHECK(space.bytes_in_files() == 0);
  CHECK(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace wav2vec
