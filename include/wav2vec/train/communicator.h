#pragma once
// What data-parallel training needs from the outside. The trainer calls it between backward and the
// optimiser; the model never sees it.

#include <memory>
#include <span>
#include <vector>

namespace wav2vec {

class Communicator {
 public:
  virtual ~Communicator() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  /// In place, summed in rank order: every rank holds the same bits afterwards.
  virtual void all_reduce_sum(std::span<float> values) = 0;
  virtual void all_reduce_sum(std::span<double> values) = 0;
  /// Returns once every rank has called it.
  virtual void barrier() = 0;
};

/// The only rank there is: every call returns at once.
class SingleProcess final : public Communicator {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  void all_reduce_sum(std::span<float>) override {}
  void all_reduce_sum(std::span<double>) override {}
  void barrier() override {}
};

/// `size` ranks that are threads of this process, for tests. The communicators share state: keep them all
/// alive until every thread is done.
std::vector<std::unique_ptr<Communicator>> make_thread_group(int size);

}  // namespace wav2vec
