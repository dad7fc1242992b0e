#pragma once
// Independent work items on a few threads.

#include <cstdint>
#include <functional>

namespace wav2vec {

/// Calls work(i) once for every i in [0, count) on `jobs` threads, in no order. The first exception stops the
/// rest and is thrown again here.
void for_each_index(int64_t count, int64_t jobs, const std::function<void(int64_t)>& work);

}  // namespace wav2vec
