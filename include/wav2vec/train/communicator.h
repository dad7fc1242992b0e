#pragma once
// What training on several ranks needs from the outside: messages between them. No communicator ever adds
// numbers; sums and their order are ours (train/gradient_sum.h), so that they do not depend on who carries
// the messages.

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wav2vec/core/error.h"

namespace wav2vec {

/// Another rank of the job does not answer.
class CommunicationError : public Error {
 public:
  using Error::Error;
};

struct Outgoing {
  int to = 0;
  std::span<const std::byte> bytes;
};

struct Incoming {
  int from = 0;
  std::span<std::byte> bytes;
};

/// How long a rank waits for others, and what for.
struct Wait {
  std::string_view what;                       ///< "gradients": completes "while exchanging …"
  double seconds = 0.0;                        ///< without any message of the exchange getting through
  const std::atomic<bool>* give_up = nullptr;  ///< true ends the wait with CommunicationError; may be null
};

class Communicator {
 public:
  virtual ~Communicator() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  /// Returns when everything has come and has been handed over. Between two ranks messages keep their order
  /// and must be of equal size on both sides; none is for the rank itself. One thread at a time. Throws
  /// CommunicationError naming the rank that did not answer; nothing can be exchanged afterwards.
  virtual void exchange(std::span<const Outgoing> outgoing, std::span<const Incoming> incoming,
                        const Wait& wait) = 0;
};

/// The only rank there is.
class SingleProcess final : public Communicator {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  void exchange(std::span<const Outgoing>, std::span<const Incoming>, const Wait&) override {}
};

/// `size` ranks that are threads of this process, for tests.
std::vector<std::unique_ptr<Communicator>> make_thread_group(int size);

/// f(rank) for every rank but this one.
template <class F>
void for_each_other(const Communicator& communicator, F f) {
  for (int other = 0; other < communicator.size(); ++other) {
    if (other != communicator.rank()) f(other);
  }
}

/// For implementations.
std::string no_answer_message(int rank, std::span<const int> silent, const Wait& wait);
std::string given_up_message(const Wait& wait);

/// Returns once every rank has called it.
void barrier(Communicator& communicator, const Wait& wait);

/// What every rank has, in the order of the ranks, on every rank.
std::vector<std::string> gather_texts(Communicator& communicator, std::string_view mine, const Wait& wait);

/// What rank 0 has, on every rank; the size is known to all.
void broadcast(Communicator& communicator, std::span<std::byte> bytes, const Wait& wait);

}  // namespace wav2vec
