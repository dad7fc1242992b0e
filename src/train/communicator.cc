#include "wav2vec/train/communicator.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>

#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

using Clock = std::chrono::steady_clock;
using Bytes = std::vector<std::byte>;

// What is under way between any two ranks.
struct Mailboxes {
  explicit Mailboxes(int ranks) : size(ranks), boxes(static_cast<size_t>(ranks * ranks)) {}

  std::deque<Bytes>& between(int from, int to) { return boxes[static_cast<size_t>(from * size + to)]; }

  int size = 0;
  std::mutex mutex;
  std::condition_variable arrived;
  std::vector<std::deque<Bytes>> boxes;
};

class ThreadRank final : public Communicator {
 public:
  ThreadRank(int rank, std::shared_ptr<Mailboxes> mail) : rank_(rank), mail_(std::move(mail)) {}

  int rank() const override { return rank_; }
  int size() const override { return mail_->size; }

  void exchange(std::span<const Outgoing> outgoing, std::span<const Incoming> incoming,
                const Wait& wait) override {
    std::unique_lock lock(mail_->mutex);
    for (const Outgoing& message : outgoing)
      mail_->between(rank_, message.to).emplace_back(message.bytes.begin(), message.bytes.end());
    mail_->arrived.notify_all();
    for (const Incoming& message : incoming) {
      std::deque<Bytes>& box = mail_->between(message.from, rank_);
      const auto end = Clock::now() + std::chrono::duration<double>(wait.seconds);
      while (box.empty()) {
        if (wait.give_up != nullptr && *wait.give_up) throw CommunicationError(given_up_message(wait));
        if (Clock::now() >= end) throw CommunicationError(no_answer_message(rank_, {&message.from, 1}, wait));
        mail_->arrived.wait_for(lock, std::chrono::milliseconds(20));
      }
      W2V_CHECK(box.front().size() == message.bytes.size(), "a message of another size than expected");
      std::ranges::copy(box.front(), message.bytes.begin());
      box.pop_front();
    }
  }

 private:
  int rank_;
  std::shared_ptr<Mailboxes> mail_;
};

// Whoever hangs shall be named, not whoever waits for it in between: rank 0 hears from everybody, so its
// patience ends first.
Wait for_root(const Wait& wait) { return {wait.what, 1.25 * wait.seconds + 2.0, wait.give_up}; }

// Slice `part` of `bytes` in `parts`.
template <class T>
std::span<T> slice(std::span<T> bytes, int part, int parts) {
  const auto at = [&](int p) { return bytes.size() * static_cast<size_t>(p) / static_cast<size_t>(parts); };
  return bytes.subspan(at(part), at(part + 1) - at(part));
}

}  // namespace

std::vector<std::unique_ptr<Communicator>> make_thread_group(int size) {
  const auto mail = std::make_shared<Mailboxes>(size);
  std::vector<std::unique_ptr<Communicator>> ranks;
  for (int rank = 0; rank < size; ++rank) ranks.push_back(std::make_unique<ThreadRank>(rank, mail));
  return ranks;
}

std::string no_answer_message(int rank, std::span<const int> silent, const Wait& wait) {
  constexpr size_t kShown = 8;
  const auto shown = silent.first(std::min(silent.size(), kShown));
  return fmt::format(
      "rank {} heard nothing from rank{} {}{} for {:.0f} s while exchanging {}; look whether it has died or "
      "hangs and whether the network is there, then go on with --resume",
      rank, silent.size() > 1 ? "s" : "", fmt::join(shown, ", "),
      silent.size() > kShown ? fmt::format(" and {} more", silent.size() - kShown) : "", wait.seconds,
      wait.what);
}

std::string given_up_message(const Wait& wait) { return fmt::format("gave up exchanging {}", wait.what); }

void barrier(Communicator& communicator, const Wait& wait) {
  const std::byte out{};
  std::vector<std::byte> in(static_cast<size_t>(communicator.size()));
  std::vector<Outgoing> answers;
  std::vector<Incoming> reports;
  for_each_other(communicator, [&](int other) {
    if (communicator.rank() != 0 && other != 0) return;
    answers.push_back({other, {&out, 1}});
    reports.push_back({other, {&in[static_cast<size_t>(other)], 1}});
  });
  if (communicator.rank() == 0) {
    communicator.exchange({}, reports, wait);
    communicator.exchange(answers, {}, wait);
  } else {
    communicator.exchange(answers, {}, wait);
    communicator.exchange({}, reports, for_root(wait));
  }
}

std::vector<std::string> gather_texts(Communicator& communicator, std::string_view mine, const Wait& wait) {
  const auto ranks = static_cast<size_t>(communicator.size());
  const auto me = static_cast<size_t>(communicator.rank());
  std::vector<uint64_t> sizes(ranks, 0);
  sizes[me] = mine.size();
  std::vector<Outgoing> outgoing;
  std::vector<Incoming> incoming;
  for_each_other(communicator, [&](int other) {
    outgoing.push_back({other, std::as_bytes(std::span(&sizes[me], 1))});
    incoming.push_back({other, std::as_writable_bytes(std::span(&sizes[static_cast<size_t>(other)], 1))});
  });
  communicator.exchange(outgoing, incoming, wait);

  std::vector<std::string> texts(ranks);
  outgoing.clear();
  incoming.clear();
  for_each_other(communicator, [&](int other) {
    std::string& text = texts[static_cast<size_t>(other)];
    text.resize(sizes[static_cast<size_t>(other)]);
    outgoing.push_back({other, std::as_bytes(std::span(mine))});
    incoming.push_back({other, std::as_writable_bytes(std::span(text))});
  });
  texts[me] = mine;
  communicator.exchange(outgoing, incoming, wait);
  return texts;
}

// Rank 0 hands every rank a slice, and they hand the slices round: no link carries the whole twice.
void broadcast(Communicator& communicator, std::span<std::byte> bytes, const Wait& wait) {
  // Below 2 GiB per message, which is what MPI counts to.
  constexpr size_t kPiece = size_t{256} << 20;
  const int me = communicator.rank();
  const int ranks = communicator.size();
  for (size_t first = 0; first < bytes.size(); first += kPiece) {
    const std::span<std::byte> piece = bytes.subspan(first, std::min(kPiece, bytes.size() - first));
    std::vector<Outgoing> outgoing;
    std::vector<Incoming> incoming;
    if (me == 0) {
      for_each_other(communicator, [&](int other) {
        outgoing.push_back({other, slice(piece, other, ranks)});
      });
    } else {
      incoming.push_back({0, slice(piece, me, ranks)});
    }
    communicator.exchange(outgoing, incoming, wait);
    outgoing.clear();
    incoming.clear();
    for_each_other(communicator, [&](int other) {
      if (other != 0) outgoing.push_back({other, slice(piece, me, ranks)});
      if (me != 0) incoming.push_back({other, slice(piece, other, ranks)});
    });
    communicator.exchange(outgoing, incoming, wait);
  }
}

}  // namespace wav2vec
