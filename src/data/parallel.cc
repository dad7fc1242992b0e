#include "data/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace wav2vec {

void for_each_index(int64_t count, int64_t jobs, const std::function<void(int64_t)>& work) {
  std::atomic<int64_t> next{0};
  std::exception_ptr error;
  std::mutex mutex;
  const auto run = [&] {
    try {
      for (int64_t i = next++; i < count; i = next++) work(i);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!error) error = std::current_exception();
      next = count;
    }
  };
  std::vector<std::jthread> helpers;
  for (int64_t t = 1; t < std::min(jobs, count); ++t) helpers.emplace_back(run);
  run();
  helpers.clear();
  if (error) std::rethrow_exception(error);
}

}  // namespace wav2vec
