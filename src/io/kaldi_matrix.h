#pragma once
// Matrices as Kaldi stores them (kaldi-matrix.cc, compressed-matrix.cc), each complete as it follows its key.

#include "io/byte_sink.h"
#include "wav2vec/core/file.h"
#include "wav2vec/io/feature_rows.h"

namespace wav2vec {

/// "\0BFM \4<rows>\4<columns><values>".
void write_kaldi_binary(const FeatureRows& rows, const ByteSink& sink);

/// " [\n  1 2 \n  3 4 ]\n": every value in the fewest digits that give it back.
void write_kaldi_text(const FeatureRows& rows, const ByteSink& sink);

struct ValueRange {
  float least = 0.0F;
  float extent = 0.0F;  ///< above 0 unless there are no values
};

/// Of all values of the matrix, as Kaldi takes it. Throws DataError when one is not finite.
ValueRange kaldi_value_range(const FeatureRows& rows);

/// Compressed with method 1 ("CM": a byte, four quantiles per column), 2 ("CM2": two bytes) or 3 ("CM3": a
/// byte). Method 1 reads the matrix once per 256 MiB of it.
void write_kaldi_compressed(const FeatureRows& rows, const ValueRange& range, int method, AtomicFile& file);

}  // namespace wav2vec
