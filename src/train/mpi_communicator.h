#pragma once

#include <memory>

#include "wav2vec/train/job.h"

namespace wav2vec {

/// Throws ConfigError when MPI counts other ranks than the launcher.
std::unique_ptr<Communicator> join_mpi_job(const JobPlace& place);

}  // namespace wav2vec
