#include "wav2vec/core/say_once.h"

#include <mutex>
#include <unordered_set>

namespace wav2vec {

bool first_time(const std::string& key) {
  static std::mutex mutex;
  static std::unordered_set<std::string> said;
  const std::lock_guard lock(mutex);
  return said.insert(key).second;
}

}  // namespace wav2vec
