#pragma once
// NumPy's .npz: a ZIP archive (APPNOTE.TXT 6.3) of stored .npy members, as numpy.savez writes it.

#include "wav2vec/core/file.h"
#include "wav2vec/io/feature_rows.h"

namespace wav2vec {

/// The members `contract` (a text of bytes) and `features` [frames, channels]. Nothing but the arguments
/// decides the bytes. Beyond 4 GiB with the fields of ZIP64.
void write_npz(const FeatureRows& rows, std::string_view contract, AtomicFile& file);

}  // namespace wav2vec
