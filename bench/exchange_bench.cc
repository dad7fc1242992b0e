// Seconds that an exchange of many small messages takes between two ranks, which stand for as many ranks:
// what a message costs, and how long the first one is on its way.
//   mpirun -n 2 --mca btl tcp,self build/release/bench/exchange_bench

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "wav2vec/train/job.h"

int main() {
  using namespace wav2vec;
  using Clock = std::chrono::steady_clock;
  const auto communicator = join_job();
  if (communicator->size() != 2) {
    fmt::print(stderr, "exchange_bench: start it with mpirun -n 2\n");
    return 2;
  }
  const int other = 1 - communicator->rank();
  for (const size_t messages : {1, 16, 256, 1024}) {
    for (const size_t bytes : {256, 4096, 65536}) {
      std::vector<std::byte> out(messages * bytes);
      std::vector<std::byte> in(messages * bytes);
      std::vector<Outgoing> outgoing;
      std::vector<Incoming> incoming;
      for (size_t i = 0; i < messages; ++i) {
        outgoing.push_back({other, std::span(out).subspan(i * bytes, bytes)});
        incoming.push_back({other, std::span(in).subspan(i * bytes, bytes)});
      }
      std::vector<double> seconds;
      for (int repeat = 0; repeat < 15; ++repeat) {
        const Clock::time_point start = Clock::now();
        communicator->exchange(outgoing, incoming, {"messages", 60.0});
        seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
      }
      std::ranges::nth_element(seconds, seconds.begin() + 7);
      if (communicator->rank() == 0) {
        fmt::print("{:5} messages of {:6} bytes each way: {:9.1f} us, {:7.2f} us per message, {:7.1f} MB/s\n",
                   messages, bytes, 1e6 * seconds[7], 1e6 * seconds[7] / static_cast<double>(2 * messages),
                   1e-6 * static_cast<double>(messages * bytes) / seconds[7]);
      }
    }
  }
  return 0;
}
