#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "choices.h"
#include "wav2vec/config/data_config.h"
#include "wav2vec/config/fbank_config.h"
#include "wav2vec/config/postprocess_config.h"
#include "wav2vec/config/recipe.h"
#include "wav2vec/core/dtype.h"
#include "wav2vec/io/feature_writer.h"

namespace wav2vec::app {

enum class FeatureKind { wav2vec, fbank, mfcc };
inline constexpr std::string_view kFeatureKindNames[] = {"wav2vec", "fbank", "mfcc"};

struct ExtractOptions {
  std::vector<std::string> inputs;
  std::string list;
  std::string id;  // of the audio from stdin; empty: "stdin"
  FeatureKind features = FeatureKind::wav2vec;
  std::string model;
  std::string layers;  // empty: c
  DTypeChoice dtype = DTypeChoice::f32;
  double window_seconds = 0.0;  // 0: exact
  double window_context_seconds = 1.0;
  FbankConfig fbank;
  MfccConfig mfcc;
  PostprocessConfig postprocess;
  std::string cmvn_statistics;
  std::string out;
  FeatureFormat format = FeatureFormat::npy;
  bool overwrite = false;
  std::string shard;
  bool strict_rate = false;
  ChannelPolicy channels = ChannelPolicy::mean;
  int64_t sample_rate = 0;  // 0: 16000
  std::string scratch;
  double memory_gib = kDefaultMemoryGib;
  int64_t decode_ahead = 2;
  std::vector<std::string> overrides;
  bool json = false;

  /// Applies the overrides and checks what belongs together. Throws ConfigError.
  void complete();

 private:
  void refuse_model_options() const;
  void check_output() const;
  void check_cmvn() const;
};

void add_extract_options(CLI::App& app, ExtractOptions& options);

}  // namespace wav2vec::app
