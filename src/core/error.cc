#include "wav2vec/core/error.h"

#include <fmt/format.h>

namespace wav2vec {

void fail_check(const char* condition, const char* file, int line, const std::string& message) {
  throw InternalError(fmt::format("{}:{}: {} (expected {}); this is a bug, please report it", file, line,
                                  message, condition));
}

}  // namespace wav2vec
