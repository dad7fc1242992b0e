#include "wav2vec/train/scaling_model.h"

#include <doctest/doctest.h>

#include "wav2vec/core/error.h"

using namespace wav2vec;

namespace {

const MachineMeasures kMachine{.step_seconds_one_thread = 0.1,
                               .step_seconds = 0.06,
                               .threads = 2,
                               .backward_share = 0.5,
                               .update_seconds_per_value = 0.0,
                               .add_seconds_per_value = 0.0};

}  // namespace

TEST_CASE("scaling model: Amdahl's law through both measurements") {
  CHECK(step_seconds_with(kMachine, 1.0) == doctest::Approx(0.1));
  CHECK(step_seconds_with(kMachine, 2.0) == doctest::Approx(0.06));
  CHECK(step_seconds_with(kMachine, 1e9) == doctest::Approx(0.02));
}

TEST_CASE("scaling model: one rank has nobody to exchange with") {
  const auto p = predict_scaling(kMachine, {.cores_per_node = 2, .network_bytes_per_second = 1.0},
                                 {.parameters = 1000, .update_audio_seconds = 80.0, .micro_batches = 8});
  CHECK(p.exchange_seconds == 0.0);
  CHECK(p.update_seconds == doctest::Approx(80.0 * 0.06));
  CHECK(p.efficiency == doctest::Approx(1.0));
}

TEST_CASE(
    "scaling model: bytes over the link, hidden behind the last backward pass but for the last bucket") {
  Cluster cluster{.nodes = 4,
                  .cores_per_node = 2,
                  .network_bytes_per_second = 2e6,
                  .network_share = 0.5,
                  .copy_seconds_per_byte = 0.0,
                  .message_seconds = 0.0,
                  .latency_seconds = 0.0};
  Workload work{.parameters = 1000000,
                .update_audio_seconds = 800.0,
                .micro_batches = 8,
                .bucket_bytes = 4e5,
                .wire_bytes_per_value = 4.0};
  auto p = predict_scaling(kMachine, cluster, work);
  // 2 · 4 MB · 3/4 over 1 MB/s.
  CHECK(p.exchange_seconds == doctest::Approx(6.0));
  // Micro-batches of 100 s take 6 s, their backward pass 3 s.
  CHECK(p.compute_seconds == doctest::Approx(12.0));
  CHECK(p.visible_seconds == doctest::Approx(3.0));
  CHECK(p.efficiency == doctest::Approx(12.0 / 15.0));
  work.wire_bytes_per_value = 2.0;
  p = predict_scaling(kMachine, cluster, work);
  CHECK(p.visible_seconds == doctest::Approx(0.3));  // one of ten buckets
  // Five micro-batches on four ranks: three wait for the fourth.
  work.micro_batches = 5;
  work.wire_bytes_per_value = 0.0;
  CHECK(predict_scaling(kMachine, cluster, work).efficiency == doctest::Approx(5.0 / 8.0));
  // Copying takes a core's time for every byte, whatever the link.
  work.wire_bytes_per_value = 4.0;
  cluster.network_bytes_per_second = 1e30;
  cluster.copy_seconds_per_byte = 1e-6;
  CHECK(predict_scaling(kMachine, cluster, work).exchange_seconds == doctest::Approx(6.0));
}

TEST_CASE("scaling model: ranks of one node share its link, and more ranks than micro-batches are refused") {
  const Workload work{.parameters = 1000000, .update_audio_seconds = 1.0, .micro_batches = 8};
  const Cluster one{.nodes = 2,
                    .cores_per_node = 2,
                    .network_bytes_per_second = 2e6,
                    .network_share = 0.5,
                    .copy_seconds_per_byte = 0.0,
                    .message_seconds = 0.0,
                    .latency_seconds = 0.0};
  Cluster two = one;
  two.ranks_per_node = 2;
  CHECK(predict_scaling(kMachine, one, work).exchange_seconds == doctest::Approx(4.0));
  CHECK(predict_scaling(kMachine, two, work).exchange_seconds == doctest::Approx(8.0));
  Cluster many = one;
  many.nodes = 9;
  CHECK_THROWS_AS(predict_scaling(kMachine, many, work), ConfigError);
}
