#include "io/feature_encoders.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/io/npy.h"
#include "wav2vec/io/safetensors.h"

namespace wav2vec {
namespace {

static_assert(std::endian::native == std::endian::little, "HTK's bytes are swapped, the others' are not");

void write_values(const FeatureRows& rows, const ByteSink& sink) {
  for_each_piece(rows, [&](int64_t, std::span<const float> piece) { sink(bytes_of_values(piece)); });
}

std::string big_endian(uint32_t value, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    text += static_cast<char>(static_cast<unsigned char>(value >> shift & 0xFFU));
  return text;
}

}  // namespace

void write_npy_rows(const FeatureRows& rows, const ByteSink& sink) {
  const int64_t shape[] = {rows.frames, rows.channels};
  sink(npy_header("<f4", shape));
  write_values(rows, sink);
}

void write_htk(const FeatureRows& rows, const FeatureContract& contract, const ByteSink& sink) {
  constexpr uint32_t kUserKind = 9;
  W2V_CHECK(rows.frames <= std::numeric_limits<int32_t>::max() && rows.channels <= kMostHtkChannels,
            "HTK counts rows in 32 bits and bytes of a row in 16");
  const auto period = std::llround(1e7 * static_cast<double>(contract.hop_samples) /
                                   static_cast<double>(contract.sample_rate_hz));
  sink(big_endian(static_cast<uint32_t>(rows.frames), 4) + big_endian(static_cast<uint32_t>(period), 4) +
       big_endian(static_cast<uint32_t>(rows.channels) * sizeof(float), 2) + big_endian(kUserKind, 2));
  std::vector<uint32_t> swapped;
  for_each_piece(rows, [&](int64_t, std::span<const float> piece) {
    swapped.resize(piece.size());
    std::transform(piece.begin(), piece.end(), swapped.begin(),
                   [](float value) { return __builtin_bswap32(std::bit_cast<uint32_t>(value)); });
    sink(bytes_of_values(swapped));
  });
}

void write_safetensors_rows(const FeatureRows& rows, const FeatureContract& contract, const ByteSink& sink) {
  sink(safetensors_preamble("features", {rows.frames, rows.channels}, contract_as_text(contract)));
  write_values(rows, sink);
}

void write_csv_header(int64_t channels, const ByteSink& sink) {
  std::string line = "utterance,seconds";
  for (int64_t c = 0; c < channels; ++c) line += fmt::format(",{}", c);
  sink(line + "\n");
}

void write_csv_rows(std::string_view id, const FeatureRows& rows, const FeatureContract& contract,
                    const ByteSink& sink) {
  const std::string cell = csv_cell(id);
  const auto channels = static_cast<size_t>(rows.channels);
  std::string text;
  for_each_piece(rows, [&](int64_t first, std::span<const float> piece) {
    text.clear();
    for (size_t i = 0; i < piece.size(); ++i) {
      if (i % channels == 0)
        fmt::format_to(std::back_inserter(text), "{}{},{}", i == 0 ? "" : "\n", cell,
                       contract.seconds_of(first + static_cast<int64_t>(i / channels)));
      fmt::format_to(std::back_inserter(text), ",{}", piece[i]);
    }
    sink(text + "\n");
  });
}

}  // namespace wav2vec
