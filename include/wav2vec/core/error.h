#pragma once
// Errors. Every message is one line and says where (file, line or offset), what was expected, what was
// found and what to do. The program turns the kind into its exit code (core/exit_code.h).

#include <stdexcept>
#include <string>

namespace wav2vec {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The command line or a recipe is wrong.
class ConfigError : public Error {
 public:
  using Error::Error;
};

/// An input (audio, manifest, model) cannot be used.
class DataError : public Error {
 public:
  using Error::Error;
};

/// A file does not follow its format. Batch commands treat it like any other DataError.
class FormatError : public DataError {
 public:
  using DataError::DataError;
};

/// No usable checkpoint where one is needed.
class CheckpointError : public Error {
 public:
  using Error::Error;
};

/// The disk refuses: full, read-only, no permission.
class DiskError : public Error {
 public:
  using Error::Error;
};

/// Training left the finite numbers.
class NumericError : public Error {
 public:
  using Error::Error;
};

/// A broken promise between our own functions: a bug, never the user's fault.
class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

[[noreturn]] void fail_check(const char* condition, const char* file, int line, const std::string& message);

}  // namespace wav2vec

/// Contract between our own functions; on in every build. Never for checking user input.
#define W2V_CHECK(condition, message)                                                 \
  do {                                                                                \
    if (!(condition)) ::wav2vec::fail_check(#condition, __FILE__, __LINE__, message); \
  } while (false)
