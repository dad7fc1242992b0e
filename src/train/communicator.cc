#include "wav2vec/train/communicator.h"

#include <barrier>

#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

struct SharedState {
  explicit SharedState(int size)
      : gate(size), floats(static_cast<size_t>(size)), doubles(static_cast<size_t>(size)) {}

  std::barrier<> gate;
  std::vector<std::span<float>> floats;
  std::vector<std::span<double>> doubles;
};

class ThreadRank final : public Communicator {
 public:
  ThreadRank(int rank, int size, std::shared_ptr<SharedState> shared)
      : rank_(rank), size_(size), shared_(std::move(shared)) {}

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  void all_reduce_sum(std::span<float> values) override { reduce(values, shared_->floats); }
  void all_reduce_sum(std::span<double> values) override { reduce(values, shared_->doubles); }
  void barrier() override { shared_->gate.arrive_and_wait(); }

 private:
  template <class T>
  void reduce(std::span<T> values, std::vector<std::span<T>>& all) {
    all[static_cast<size_t>(rank_)] = values;
    barrier();
    std::vector<T> sum(values.size(), T{0});
    for (const std::span<T>& part : all) {
      W2V_CHECK(part.size() == sum.size(), "ranks reduce blocks of different sizes");
      for (size_t i = 0; i < sum.size(); ++i) sum[i] += part[i];
    }
    barrier();
    std::copy(sum.begin(), sum.end(), values.begin());
  }

  int rank_;
  int size_;
  std::shared_ptr<SharedState> shared_;
};

}  // namespace

std::vector<std::unique_ptr<Communicator>> make_thread_group(int size) {
  auto shared = std::make_shared<SharedState>(size);
  std::vector<std::unique_ptr<Communicator>> ranks;
  for (int rank = 0; rank < size; ++rank) ranks.push_back(std::make_unique<ThreadRank>(rank, size, shared));
  return ranks;
}

}  // namespace wav2vec
