#include "wav2vec/config/distributed_config.h"

#include "wav2vec/config/check_within.h"

namespace wav2vec {

void DistributedConfig::visit(FieldVisitor& v) {
  v.field("bucket_mib", bucket_mib, "MiB of gradients (as f32) that are exchanged at a time");
  v.field("overlap", overlap, "exchange them while the backward pass goes on");
  v.choice("wire", wire, kWireTypeNames, "type of gradients between ranks; only f32 is exact");
  v.field("shard_optimizer", shard_optimizer, "every rank keeps only its share of Adam's moments");
  v.field("timeout_seconds", timeout_seconds, "silence of a rank that ends the job");
  v.field("rank0_timeout_seconds", rank0_timeout_seconds,
          "the same while rank 0 validates, probes and saves");
}

void DistributedConfig::validate() const {
  check_within("distributed", "bucket_mib", bucket_mib, 1.0 / 64.0, 1024.0);
  check_within("distributed", "timeout_seconds", timeout_seconds, 1.0, 1e6);
  check_within("distributed", "rank0_timeout_seconds", rank0_timeout_seconds, 1.0, 1e7);
}

}  // namespace wav2vec
