#pragma once
// The job that mpirun or srun started this process in.

#include <memory>
#include <optional>

#include "wav2vec/train/communicator.h"

namespace wav2vec {

/// What the launcher's environment variables say.
struct JobPlace {
  int rank = 0;
  int size = 1;
  int ranks_on_host = 1;  ///< 1 where it is not told
};

/// Nothing outside of a job, and in one of a single process.
std::optional<JobPlace> job_place();

/// Whether ranks can talk to each other: the program was built with MPI.
bool has_mpi();

/// The ranks of this process's job, or SingleProcess outside of one. Call it once, after blocked signals are
/// set. Throws ConfigError when the launcher and this program do not fit together.
std::unique_ptr<Communicator> join_job();

/// Ends all other ranks of a job that join_job() joined and that is not over, and this process. Nothing
/// happens without.
void end_job(int exit_code);

}  // namespace wav2vec
