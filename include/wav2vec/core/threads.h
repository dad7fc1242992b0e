#pragma once

namespace wav2vec {

/// Threads of the compute (oneDNN and our own loops); 0 = as many as this process may use. Call it once, before
/// the first computation. Returns the number in force.
int set_compute_threads(int threads);

}  // namespace wav2vec
