#pragma once
// Runs a function on several ranks that are threads of the test.

#include <exception>
#include <functional>
#include <thread>
#include <vector>

#include "wav2vec/train/communicator.h"

namespace wav2vec::test {

/// What each rank threw, null if nothing.
inline std::vector<std::exception_ptr> run_ranks(int size, const std::function<void(Communicator&)>& run) {
  auto ranks = make_thread_group(size);
  std::vector<std::exception_ptr> errors(ranks.size());
  std::vector<std::thread> threads;
  for (size_t r = 0; r < ranks.size(); ++r) {
    threads.emplace_back([&, r] {
      try {
        run(*ranks[r]);
      } catch (...) {
        errors[r] = std::current_exception();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return errors;
}

/// The same where none may throw.
inline void run_ranks_well(int size, const std::function<void(Communicator&)>& run) {
  for (const std::exception_ptr& error : run_ranks(size, run)) {
    if (error) std::rethrow_exception(error);
  }
}

}  // namespace wav2vec::test
