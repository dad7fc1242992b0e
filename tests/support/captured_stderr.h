#pragma once
// What is printed to stderr while this lives: for tests of warnings.

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <string>

namespace wav2vec {

class CapturedStderr {
 public:
  CapturedStderr() : file_(std::tmpfile()), saved_(::dup(STDERR_FILENO)) {
    REQUIRE(file_ != nullptr);
    std::fflush(stderr);
    ::dup2(fileno(file_), STDERR_FILENO);
  }
  ~CapturedStderr() {
    std::fflush(stderr);
    ::dup2(saved_, STDERR_FILENO);
    ::close(saved_);
    std::fclose(file_);
  }
  CapturedStderr(const CapturedStderr&) = delete;
  CapturedStderr& operator=(const CapturedStderr&) = delete;

  std::string text() const {
    std::fflush(stderr);
    std::string bytes(static_cast<size_t>(::lseek(fileno(file_), 0, SEEK_END)), '\0');
    const ssize_t n = ::pread(fileno(file_), bytes.data(), bytes.size(), 0);
    bytes.resize(n > 0 ? static_cast<size_t>(n) : 0);
    return bytes;
  }
  bool contains(const std::string& part) const { return text().find(part) != std::string::npos; }

 private:
  std::FILE* file_;
  int saved_;
};

}  // namespace wav2vec
