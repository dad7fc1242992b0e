#include "io/kaldi_matrix.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <iterator>
#include <limits>
#include <vector>

#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

static_assert(std::endian::native == std::endian::little, "the archives are little-endian");

constexpr std::string_view kBinaryMark("\0B", 2);

int32_t count_of(int64_t count) {
  W2V_CHECK(count <= std::numeric_limits<int32_t>::max(), "a Kaldi matrix counts in 32 bits");
  return static_cast<int32_t>(count);
}

/// Linear in the range of the matrix: 0 to `most`. Kaldi's rounding.
int quantised(const ValueRange& range, float value, float most) {
  const float place = std::clamp((value - range.least) / range.extent, 0.0F, 1.0F);
  return static_cast<int>(place * most + 0.499F);
}
uint16_t as_two_bytes(const ValueRange& range, float value) {
  return static_cast<uint16_t>(quantised(range, value, 65535.0F));
}

// ---- method 1 -----------------------------------------------------------------------------------------

/// Least value, quartiles and greatest value of a column, strictly rising.
using ColumnQuantiles = std::array<uint16_t, 4>;

ColumnQuantiles quantiles_of(const ValueRange& range, std::vector<float>& column) {
  const size_t n = column.size();
  std::array<size_t, 4> places{0, 1, 2, 3};
  if (n >= 5) places = {0, n / 4, 3 * (n / 4), n - 1};
  auto from = column.begin();
  for (const size_t place : places) {
    if (place >= n) break;
    const auto at = column.begin() + static_cast<std::ptrdiff_t>(place);
    std::nth_element(from, at, column.end());
    from = at + 1;
  }
  const auto value = [&](size_t i, int below) {
    return places[i] < n ? static_cast<int>(as_two_bytes(range, column[places[i]])) : below + 1;
  };
  const int p0 = std::min(value(0, 0), 65532);
  const int p25 = std::min(std::max(value(1, p0), p0 + 1), 65533);
  const int p75 = std::min(std::max(value(2, p25), p25 + 1), 65534);
  const int p100 = std::max(value(3, p75), p75 + 1);
  return {static_cast<uint16_t>(p0), static_cast<uint16_t>(p25), static_cast<uint16_t>(p75),
          static_cast<uint16_t>(p100)};
}

/// The segments between the quantiles have 64, 128 and 63 steps.
class ColumnEncoder {
 public:
  ColumnEncoder(const ValueRange& range, const ColumnQuantiles& quantiles) {
    constexpr float kStep = 1.52590218966964e-05F;  // 1/65535, as Kaldi spells it
    for (size_t i = 0; i < quantiles.size(); ++i)
      at_[i] = range.least + range.extent * kStep * static_cast<float>(quantiles[i]);
  }

  char operator()(float value) const {
    if (value < at_[1]) return step(0, value, 0, 64);
    if (value < at_[2]) return step(1, value, 64, 128);
    return step(2, value, 192, 63);
  }

 private:
  char step(size_t segment, float value, int first, int steps) const {
    const float place = (value - at_[segment]) / (at_[segment + 1] - at_[segment]);
    const int number = static_cast<int>(std::clamp(place, 0.0F, 1.0F) * static_cast<float>(steps) + 0.5F);
    return static_cast<char>(static_cast<unsigned char>(first + number));
  }

  std::array<float, 4> at_{};
};

/// Columns [first, first + count) of the matrix, one after the other.
std::vector<float> columns_of(const FeatureRows& rows, int64_t first, int64_t count) {
  std::vector<float> columns(static_cast<size_t>(rows.frames * count));
  for_each_piece(rows, [&](int64_t row, std::span<const float> piece) {
    const int64_t in_piece = static_cast<int64_t>(piece.size()) / rows.channels;
    for (int64_t i = 0; i < in_piece; ++i) {
      for (int64_t c = 0; c < count; ++c)
        columns[static_cast<size_t>(c * rows.frames + row + i)] =
            piece[static_cast<size_t>(i * rows.channels + first + c)];
    }
  });
  return columns;
}

/// The quantiles of all columns stand before all values, which stand column by column: a block of columns at
/// a time, the quantiles put in place afterwards.
void write_by_columns(const FeatureRows& rows, const ValueRange& range, AtomicFile& file) {
  constexpr int64_t kBlockValues = (int64_t{256} << 20) / int64_t{sizeof(float)};
  const uint64_t quantiles_at = file.size();
  std::vector<ColumnQuantiles> quantiles(static_cast<size_t>(rows.channels));
  file.write(bytes_of_values(quantiles));
  const int64_t block = std::clamp(kBlockValues / rows.frames, int64_t{1}, rows.channels);
  std::vector<float> column;
  std::string bytes;
  for (int64_t first = 0; first < rows.channels; first += block) {
    const int64_t count = std::min(block, rows.channels - first);
    const std::vector<float> columns = columns_of(rows, first, count);
    for (int64_t c = 0; c < count; ++c) {
      const auto begin = columns.begin() + c * rows.frames;
      const auto end = begin + rows.frames;
      column.assign(begin, end);
      const auto index = static_cast<size_t>(first + c);
      quantiles[index] = quantiles_of(range, column);
      bytes.resize(column.size());
      std::transform(begin, end, bytes.begin(), ColumnEncoder(range, quantiles[index]));
      file.write(bytes);
    }
  }
  file.write_at(quantiles_at, quantiles.data(), quantiles.size() * sizeof(ColumnQuantiles));
}

// ---- methods 2 and 3 ----------------------------------------------------------------------------------

template <class Code>
void write_by_rows(const FeatureRows& rows, const ValueRange& range, AtomicFile& file) {
  std::vector<Code> codes;
  for_each_piece(rows, [&](int64_t, std::span<const float> piece) {
    codes.resize(piece.size());
    std::transform(piece.begin(), piece.end(), codes.begin(), [&](float value) {
      return static_cast<Code>(quantised(range, value, static_cast<float>(std::numeric_limits<Code>::max())));
    });
    file.write(bytes_of_values(codes));
  });
}

}  // namespace

void write_kaldi_binary(const FeatureRows& rows, const ByteSink& sink) {
  sink(kBinaryMark);
  sink("FM ");
  for (const int64_t count : {rows.frames, rows.channels}) {
    sink("\4");
    sink(bytes_of(count_of(count)));
  }
  for_each_piece(rows, [&](int64_t, std::span<const float> piece) { sink(bytes_of_values(piece)); });
}

void write_kaldi_text(const FeatureRows& rows, const ByteSink& sink) {
  sink(" [");
  std::string text;
  for_each_piece(rows, [&](int64_t, std::span<const float> piece) {
    text.clear();
    for (size_t i = 0; i < piece.size(); ++i) {
      if (i % static_cast<size_t>(rows.channels) == 0) text += "\n  ";
      fmt::format_to(std::back_inserter(text), "{} ", piece[i]);
    }
    sink(text);
  });
  sink(rows.frames == 0 ? " ]\n" : "]\n");
}

ValueRange kaldi_value_range(const FeatureRows& rows) {
  float least = std::numeric_limits<float>::infinity();
  float greatest = -least;
  bool finite = true;
  for_each_piece(rows, [&](int64_t, std::span<const float> piece) {
    for (const float value : piece) {
      finite = finite && std::isfinite(value);
      least = std::min(least, value);
      greatest = std::max(greatest, value);
    }
  });
  if (rows.frames == 0) return {};
  if (greatest == least) greatest = least + (1.0F + std::abs(least));
  if (!finite || !std::isfinite(greatest - least))
    throw DataError("features that are not finite cannot be compressed; choose ark");
  return {least, greatest - least};
}

void write_kaldi_compressed(const FeatureRows& rows, const ValueRange& range, int method, AtomicFile& file) {
  W2V_CHECK(method >= 1 && method <= 3, "methods 1 to 3");
  const bool empty = rows.frames == 0;
  file.write(kBinaryMark);
  file.write(method == 1 || empty ? "CM " : method == 2 ? "CM2 " : "CM3 ");
  file.write(bytes_of(range.least));
  file.write(bytes_of(range.extent));
  file.write(bytes_of(count_of(rows.frames)));
  file.write(bytes_of(empty ? 0 : count_of(rows.channels)));
  if (empty) return;
  if (method == 1) write_by_columns(rows, range, file);
  if (method == 2) write_by_rows<uint16_t>(rows, range, file);
  if (method == 3) write_by_rows<uint8_t>(rows, range, file);
}

}  // namespace wav2vec
