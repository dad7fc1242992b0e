#include "wav2vec/core/threads.h"

#include <omp.h>

namespace wav2vec {

int set_compute_threads(int threads) {
  if (threads > 0) omp_set_num_threads(threads);
  omp_set_dynamic(0);
  return omp_get_max_threads();
}

}  // namespace wav2vec
