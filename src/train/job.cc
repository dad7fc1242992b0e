#include "wav2vec/train/job.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <string_view>

#include "train/mpi_communicator.h"
#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

std::optional<int> number(const char* variable) {
  const char* const text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  const std::string_view digits(text);
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || value < 0) return std::nullopt;
  return value;
}

// How a launcher tells rank, size and ranks on the host.
struct Launcher {
  const char* rank;
  const char* size;
  const char* on_host;
};

constexpr Launcher kLaunchers[] = {
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE"},  // Open MPI
    {"PMI_RANK", "PMI_SIZE", "MPI_LOCALNRANKS"},                                     // MPICH, Intel MPI, srun
    // srun sets these with and without MPI; a batch script has no step.
    {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_STEP_TASKS_PER_NODE"},
};

}  // namespace

std::optional<JobPlace> job_place() {
  for (const Launcher& launcher : kLaunchers) {
    const std::optional<int> rank = number(launcher.rank);
    const std::optional<int> size = number(launcher.size);
    if (!rank || !size || *rank >= *size) continue;
    if (*size == 1) return std::nullopt;
    return JobPlace{*rank, *size, std::max(1, number(launcher.on_host).value_or(1))};
  }
  return std::nullopt;
}

std::unique_ptr<Communicator> join_job() {
  const std::optional<JobPlace> place = job_place();
  if (!place) return std::make_unique<SingleProcess>();
  if (!has_mpi()) {
    throw ConfigError(
        fmt::format("started as one of {} ranks, but this program was built without MPI; build it with "
                    "-DW2V_MPI=ON, or start it once, without mpirun",
                    place->size));
  }
  return join_mpi_job(*place);
}

}  // namespace wav2vec
