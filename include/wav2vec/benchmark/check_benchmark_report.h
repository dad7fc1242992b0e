#pragma once
// What the benchmark of check comes to, for people and for programs.

#include <string>
#include <string_view>
#include <vector>

#include "wav2vec/benchmark/check_benchmark.h"
#include "wav2vec/measure/bootstrap.h"

namespace wav2vec {

enum class FigureUnit { share, seconds, ppm, plain };
inline constexpr std::string_view kFigureUnitNames[] = {"share", "seconds", "ppm", "plain"};

/// A number for each synchroniser; NaN where it has none. Intervals are over programmes, and NaN where there
/// is one programme or the figure has none.
struct Figure {
  std::string name;
  FigureUnit unit = FigureUnit::plain;
  Interval of[kSynchronisers] = {};
};

/// The figures that the whole is judged by, from what was measured: what was left out has none.
std::vector<Figure> headline_figures(const CheckBenchmark& benchmark);

/// Three tables: the headline figures, every kind of subtitle, and texts.
std::string check_benchmark_markdown(const CheckBenchmark& benchmark);
std::string check_benchmark_json(const CheckBenchmark& benchmark);

}  // namespace wav2vec
