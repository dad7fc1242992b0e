#include "wav2vec/core/file.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "support/temporary_folder.h"
#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

ptrdiff_t entries(const fs::path& folder) {
  return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
}

TEST_CASE("a file appears with commit, whole") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "new" / "a";
  AtomicFile file(path);
  file.write("hello ");
  file.write("world", 5);
  file.write_at(0, "J", 1);
  CHECK(file.size() == 11);
  CHECK_FALSE(fs::exists(path));
  file.commit();
  CHECK(read_file(path, 11) == "Jello world");
  CHECK(entries(path.parent_path()) == 1);
  CHECK_THROWS_AS(file.commit(), InternalError);
}

TEST_CASE("publish makes the whole file visible as well") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "sub" / "quick.bin";
  AtomicFile file(path);
  file.write("whole");
  CHECK_FALSE(std::filesystem::exists(path));
  file.publish();
  CHECK(read_file(path, 100) == "whole");
  CHECK_THROWS_AS(file.publish(), InternalError);
}

TEST_CASE("without commit nothing is left and nothing is replaced") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "a";
  write_file(path, "old");
  {
    AtomicFile file(path);
    file.write("new");
  }
  CHECK(read_file(path, 10) == "old");
  CHECK(entries(folder.path()) == 1);
  write_file(path, "new");
  CHECK(read_file(path, 10) == "new");
  write_file(path, "");
  CHECK(read_file(path, 0).empty());
}

TEST_CASE("two writers of one name do not meet") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "a";
  AtomicFile first(path);
  AtomicFile second(path);
  first.write("first");
  second.write("second");
  first.commit();
  second.commit();
  CHECK(read_file(path, 10) == "second");
  CHECK(entries(folder.path()) == 1);
}

TEST_CASE("write_at stays inside what is written") {
  const TemporaryFolder folder;
  AtomicFile file(folder.path() / "a");
  file.write("abc");
  CHECK_THROWS_AS(file.write_at(2, "xy", 2), InternalError);
}

template <class Kind>
std::string error_of(const auto& work) {
  try {
    work();
  } catch (const Kind& error) {
    return error.what();
  }
  return "no error";
}

TEST_CASE("what cannot be read is named with the reason") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "a\n";
  const std::string name = folder.path().string() + "/a\\n: ";
  const auto message = [&] { return error_of<DataError>([&] { read_file(path, 3); }); };
  CHECK(message() == name + "cannot open: No such file or directory; check the path");
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  CHECK(message() == name + "not a regular file; check the path");  // and does not wait for a writer
  fs::remove(path);
  fs::create_directory(path);
  CHECK(message() == name + "not a regular file; check the path");
  fs::remove(path);
  write_file(path, "abcd");
  CHECK(message() == name + "4 bytes, more than the 3 expected here at most");
  write_file(path, "abc");
  CHECK(message() == "no error");
  fs::remove(path);
  fs::create_symlink(path, path);
  CHECK(message().starts_with(name + "cannot open: "));
}

TEST_CASE("what cannot be written is named with the reason") {
  const TemporaryFolder folder;
  write_file(folder.path() / "file", "x");
  const fs::path below_file = folder.path() / "file" / "a";
  CHECK(error_of<DiskError>([&] { write_file(below_file, "x"); }).starts_with(folder.path().string()));
  CHECK(error_of<DiskError>([&] {
          make_writable_folder(folder.path() / "file");
        }).starts_with((folder.path() / "file").string() + ": cannot "));
  fs::create_directory(folder.path() / "folder");
  CHECK(error_of<DiskError>([&] {
          write_file(folder.path() / "folder", "x");
        }).starts_with((folder.path() / "folder").string() + ": cannot write: is no regular file"));
  CHECK(entries(folder.path()) == 2);
  CHECK(error_of<DiskError>([&] { sync_folder(folder.path() / "none"); }) ==
        (folder.path() / "none").string() +
            ": cannot open the folder: No such file or directory; choose another place");
  CHECK(error_of<DiskError>([&] { free_bytes(folder.path() / "none"); }) != "no error");
}

TEST_CASE("a writable folder is made and left empty") {
  const TemporaryFolder folder;
  make_writable_folder(folder.path() / "a" / "b");
  CHECK(fs::is_empty(folder.path() / "a" / "b"));
  make_writable_folder(folder.path() / "a" / "b");
  CHECK(free_bytes(folder.path()) > 0);
}

TEST_CASE("stale temporaries of dead processes go, everything else stays") {
  const TemporaryFolder folder;
  const pid_t dead = ::fork();
  if (dead == 0) ::_exit(0);
  REQUIRE(::waitpid(dead, nullptr, 0) == dead);
  const std::string gone = std::to_string(dead);
  const std::string alive = std::to_string(::getppid());
  const auto make = [&](const std::string& name) {
    const fs::path path = folder.path() / name;
    fs::create_directories(path.parent_path());
    write_file(path, "x");
    return path;
  };
  const std::vector<fs::path> stale{make("utt.npy.tmp-" + gone + "-0"), make("utt.npy.tmp-" + gone + "-17"),
                                    make("x.tmp-1-2.npy.tmp-" + gone + "-3"),
                                    make("reused.npy.tmp-" + std::to_string(::getpid()) + "-900")};
  const std::vector<fs::path> kept{make("utt.npy"),
                                   make("notes.tmp-" + gone + "-1"),
                                   make("a/b/utt.npy.tmp-" + gone + "-17"),
                                   make("utt.npy.tmp-" + alive + "-0"),
                                   make("utt.npy.tmp-" + gone),
                                   make("utt.npy.tmp-" + gone + "-"),
                                   make("utt.npy.tmp-" + gone + "-1x"),
                                   make("utt.npy.tmp--" + gone + "-1"),
                                   make("utt.npy.tmp-0-1"),
                                   make(".tmp-" + gone + "-1"),
                                   make("utt.tmp" + gone + "-1")};
  const fs::path held = make("held.npy.tmp-" + gone + "-1");
  const int descriptor = ::open(held.c_str(), O_RDONLY);
  REQUIRE(::flock(descriptor, LOCK_EX) == 0);
  fs::create_directory(folder.path() / ("folder.npy.tmp-" + gone + "-1"));
  fs::create_symlink("utt.npy", folder.path() / ("link.npy.tmp-" + gone + "-1"));

  const auto is_ours = [](const std::string& name) { return name.ends_with(".npy"); };
  remove_stale_temporaries(folder.path(), is_ours);
  for (const fs::path& path : stale) CHECK_MESSAGE(!fs::exists(path), path.string());
  for (const fs::path& path : kept) CHECK_MESSAGE(fs::exists(path), path.string());
  CHECK(fs::exists(held));
  CHECK(fs::exists(folder.path() / ("folder.npy.tmp-" + gone + "-1")));
  CHECK(fs::exists(folder.path() / ("link.npy.tmp-" + gone + "-1")));
  ::close(descriptor);
  remove_stale_temporaries(folder.path() / "no such folder", is_ours);
}

TEST_CASE("a file that is written removes what dead processes left of it, and nothing else") {
  const TemporaryFolder folder;
  const pid_t dead = ::fork();
  if (dead == 0) ::_exit(0);
  REQUIRE(::waitpid(dead, nullptr, 0) == dead);
  const auto touch = [&](const std::string& name) {
    const fs::path path = folder.path() / name;
    std::ofstream(path) << "x";
    return path;
  };
  const std::string tail = ".tmp-" + std::to_string(dead) + "-1";
  const fs::path left = touch("a.npy" + tail);
  const fs::path other = touch("b.npy" + tail);
  const fs::path foreign = touch("notes" + tail);
  write_file(folder.path() / "a.npy", "new");
  CHECK_FALSE(fs::exists(left));
  CHECK(fs::exists(other));
  CHECK(fs::exists(foreign));
  write_file(folder.path() / "b.npy", "new");
  CHECK_FALSE(fs::exists(other));
  CHECK(fs::exists(foreign));
}

TEST_CASE("a temporary of an earlier process with our number does not stop anybody") {
  const TemporaryFolder folder;
  const std::string own = std::to_string(::getpid());
  // Held, so that it cannot be removed: another container's.
  std::vector<int> descriptors;
  for (int i = 0; i < 200; ++i) {
    const fs::path path = folder.path() / ("a.tmp-" + own + "-" + std::to_string(i));
    descriptors.push_back(::open(path.c_str(), O_RDWR | O_CREAT, 0600));
    REQUIRE(::flock(descriptors.back(), LOCK_EX) == 0);
    std::ofstream(folder.path() / (".write-test-" + own + "-" + std::to_string(i))) << "";
  }
  std::ofstream(folder.path() / (".write-test-" + own)) << "";
  make_writable_folder(folder.path());
  write_file(folder.path() / "a", "x");
  CHECK(read_file(folder.path() / "a", 10) == "x");
  for (const int descriptor : descriptors) ::close(descriptor);
}

TEST_CASE("atomic file: pipes, devices and folders are not replaced") {
  const TemporaryFolder folder;
  const fs::path pipe = folder.path() / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK_THROWS_AS(write_file(pipe, "x"), DiskError);
  CHECK(fs::is_fifo(pipe));
  CHECK_THROWS_AS(write_file(folder.path(), "x"), DiskError);
}

TEST_CASE("what is no regular file is refused, not waited for") {
  const TemporaryFolder folder;
  const fs::path pipe = folder.path() / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  fs::create_symlink("loop", folder.path() / "loop");
  for (const fs::path& path : {pipe, fs::path("/dev/zero"), folder.path(), folder.path() / "loop",
                               folder.path() / std::string(5000, 'x'), folder.path() / "missing"}) {
    CHECK_THROWS_AS(read_file(path, 10), DataError);
    CHECK_THROWS_AS(InputFile{path}, DataError);
  }
}

}  // namespace
}  // namespace wav2vec
