#pragma once
// One utterance in each of the simple formats, whole.

#include <cstdint>
#include <string_view>

#include "io/byte_sink.h"
#include "wav2vec/io/feature_contract.h"
#include "wav2vec/io/feature_rows.h"

namespace wav2vec {

void write_npy_rows(const FeatureRows& rows, const ByteSink& sink);

/// HTK book, "Speech input/output": a big-endian header of rows, period in 100 ns, bytes per row and kind (9,
/// USER), then big-endian floats. At most kMostHtkChannels.
void write_htk(const FeatureRows& rows, const FeatureContract& contract, const ByteSink& sink);
inline constexpr int64_t kMostHtkChannels = 32767 / 4;

void write_safetensors_rows(const FeatureRows& rows, const FeatureContract& contract, const ByteSink& sink);

/// RFC 4180: "utterance,seconds,0,1,…", and a line per row.
void write_csv_header(int64_t channels, const ByteSink& sink);
void write_csv_rows(std::string_view utterance_id, const FeatureRows& rows, const FeatureContract& contract,
                    const ByteSink& sink);

}  // namespace wav2vec
