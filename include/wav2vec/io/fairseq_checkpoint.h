#pragma once
// Checkpoints of wav2vec that fairseq and s3prl wrote: what stands where in the values of a TorchFile.

#include <string>
#include <utility>
#include <vector>

#include "wav2vec/io/model_file_info.h"
#include "wav2vec/io/torch_file.h"

namespace wav2vec {

struct FairseqCheckpoint {
  std::string layout;  ///< "fairseq 2019", "fairseq hydra", "s3prl" or "state dict"
  ModelFileInfo info;
  /// Of the network, under their names in the file.
  std::vector<std::pair<std::string, TorchTensor>> tensors;
  /// Other values at the top level: optimiser states and the like.
  std::vector<std::string> unused;
};

/// Options that the file does not have are those of fairseq's first release (2019), not today's. Throws
/// FormatError naming the file and the option for a layout that is none of these, another architecture, an
/// option of another type, or one that this program has no counterpart of (a vector quantiser, a GRU,
/// project_features, another activation); also when the tensors are not those that the options ask for.
FairseqCheckpoint read_fairseq_checkpoint(const TorchFile& file);

}  // namespace wav2vec
