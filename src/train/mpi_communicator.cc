// The only file that knows MPI (MPI-3). Nothing in it blocks: whoever waits polls, so that a rank that hangs
// is named and not waited for.

#include "train/mpi_communicator.h"

#ifdef W2V_HAVE_MPI
#include <mpi.h>
#endif
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <climits>
#include <cstdlib>
#include <exception>
#include <thread>

#include "wav2vec/core/error.h"

namespace wav2vec {

#ifdef W2V_HAVE_MPI

namespace {

using Clock = std::chrono::steady_clock;

void check(int code, std::string_view what) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = {};
  int length = 0;
  MPI_Error_string(code, text, &length);
  throw CommunicationError(fmt::format(
      "MPI failed while exchanging {}: {}; look whether all ranks and the network are there, then go on "
      "with --resume",
      what, std::string_view(text, static_cast<size_t>(length))));
}

int count_of(size_t bytes) {
  W2V_CHECK(bytes <= INT_MAX, "a message of 2 GiB or more");
  return static_cast<int>(bytes);
}

// Turns of a wait: at first MPI is asked again and again, then the core is left to those who compute.
class Patience {
 public:
  explicit Patience(double seconds) : seconds_(seconds), news_at_(Clock::now()) {}
  void news() { news_at_ = Clock::now(); }
  /// False when it is over.
  bool wait() const {
    const double silent = std::chrono::duration<double>(Clock::now() - news_at_).count();
    if (silent < 1e-4) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(silent < 1e-2 ? 20 : 100));
    }
    return silent < seconds_;
  }

 private:
  double seconds_;
  Clock::time_point news_at_;
};

class MpiCommunicator final : public Communicator {
 public:
  MpiCommunicator() : exceptions_(std::uncaught_exceptions()) {
    int provided = 0;
    // Whichever thread exchanges gradients calls MPI, one at a time.
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &provided);
    if (provided < MPI_THREAD_SERIALIZED)
      throw ConfigError("this MPI offers no MPI_THREAD_SERIALIZED; take Open MPI or MPICH");
    MPI_Comm_dup(MPI_COMM_WORLD, &comm_);
    MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN);
    MPI_Comm_rank(comm_, &rank_);
    MPI_Comm_size(comm_, &size_);
  }

  // After an error the others may be gone or wait for us: end_job() is what remains.
  ~MpiCommunicator() override {
    if (std::uncaught_exceptions() > exceptions_) return;
    MPI_Comm_free(&comm_);
    MPI_Finalize();
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  void exchange(std::span<const Outgoing> outgoing, std::span<const Incoming> incoming,
                const Wait& wait) override {
    requests_.clear();
    for (const Incoming& message : incoming) {
      check(MPI_Irecv(message.bytes.data(), count_of(message.bytes.size()), MPI_BYTE, message.from, 0, comm_,
                      &requests_.emplace_back()),
            wait.what);
    }
    for (const Outgoing& message : outgoing) {
      check(MPI_Isend(message.bytes.data(), count_of(message.bytes.size()), MPI_BYTE, message.to, 0, comm_,
                      &requests_.emplace_back()),
            wait.what);
    }
    finished_.resize(requests_.size());
    Patience patience(wait.seconds);
    for (size_t open = requests_.size(); open > 0;) {
      int count = 0;
      check(MPI_Testsome(count_of(requests_.size()), requests_.data(), &count, finished_.data(),
                         MPI_STATUSES_IGNORE),
            wait.what);
      if (count != MPI_UNDEFINED && count > 0) {
        open -= static_cast<size_t>(count);
        patience.news();
      } else if (wait.give_up != nullptr && *wait.give_up) {
        throw CommunicationError(given_up_message(wait));
      } else if (!patience.wait()) {
        throw CommunicationError(no_answer_message(rank_, silent_ranks(outgoing, incoming), wait));
      }
    }
  }

 private:
  // A rank that sends nothing is the cause; that it does not take what we send may only be the network.
  std::vector<int> silent_ranks(std::span<const Outgoing> outgoing,
                                std::span<const Incoming> incoming) const {
    std::vector<int> ranks;
    const auto is_open = [&](size_t request) { return requests_[request] != MPI_REQUEST_NULL; };
    for (size_t i = 0; i < incoming.size(); ++i) {
      if (is_open(i)) ranks.push_back(incoming[i].from);
    }
    for (size_t i = 0; i < outgoing.size() && ranks.empty(); ++i) {
      if (is_open(incoming.size() + i)) ranks.push_back(outgoing[i].to);
    }
    ranks.erase(std::unique(ranks.begin(), ranks.end()), ranks.end());
    return ranks;
  }

  int exceptions_;
  MPI_Comm comm_ = MPI_COMM_NULL;
  int rank_ = 0;
  int size_ = 1;
  std::vector<MPI_Request> requests_;
  std::vector<int> finished_;
};

}  // namespace

bool has_mpi() { return true; }

std::unique_ptr<Communicator> join_mpi_job(const JobPlace& place) {
  auto communicator = std::make_unique<MpiCommunicator>();
  if (communicator->size() != place.size) {
    throw ConfigError(
        fmt::format("the launcher started {} ranks, but MPI counts {}; start the program with the mpirun of "
                    "the MPI that it was built with (under Slurm: srun --mpi=pmix or --mpi=pmi2)",
                    place.size, communicator->size()));
  }
  return communicator;
}

void end_job(int exit_code) {
  int initialized = 0;
  int finalized = 0;
  MPI_Initialized(&initialized);
  MPI_Finalized(&finalized);
  if (initialized == 0 || finalized != 0) return;
  // Where even this hangs, the process ends by SIGALRM.
  ::alarm(20);
  MPI_Abort(MPI_COMM_WORLD, exit_code);
  std::_Exit(exit_code);
}

#else

bool has_mpi() { return false; }

std::unique_ptr<Communicator> join_mpi_job(const JobPlace&) {
  W2V_CHECK(false, "built without MPI");
  return nullptr;
}

void end_job(int) {}

#endif

}  // namespace wav2vec
