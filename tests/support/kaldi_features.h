#pragma once
// The cases of tests/data/kaldi/cases.json, computed by us.

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "wav2vec/audio/fbank.h"
#include "wav2vec/audio/mfcc.h"

namespace wav2vec::test {

/// Assigns the fields that a JSON object names; a name that no field has stays in `unused`.
class JsonFields : public FieldVisitor {
 public:
  explicit JsonFields(const nlohmann::json& object) : unused(object) {}

  void field(std::string_view name, int64_t& value, std::string_view) override { take(name, value); }
  void field(std::string_view name, double& value, std::string_view) override { take(name, value); }
  void field(std::string_view name, bool& value, std::string_view) override { take(name, value); }
  void field(std::string_view name, std::string& value, std::string_view) override { take(name, value); }
  void field(std::string_view name, std::vector<int64_t>& value, std::string_view) override {
    take(name, value);
  }
  void field(std::string_view name, std::vector<double>& value, std::string_view) override {
    take(name, value);
  }
  void field(std::string_view name, std::vector<std::string>& value, std::string_view) override {
    take(name, value);
  }
  void choice(std::string_view name, std::string& value, std::span<const std::string_view> allowed,
              std::string_view) override {
    take(name, value);
    if (std::find(allowed.begin(), allowed.end(), value) == allowed.end()) throw std::runtime_error(value);
  }

  nlohmann::json unused;

 private:
  template <class T>
  void take(std::string_view name, T& value) {
    const auto found = unused.find(std::string(name));
    if (found == unused.end()) return;
    value = found->get<T>();
    unused.erase(found);
  }
};

inline nlohmann::json kaldi_cases() {
  std::ifstream file(std::filesystem::path(W2V_TEST_DATA) / "kaldi" / "cases.json");
  return nlohmann::json::parse(file);
}

template <class Config>
Config config_from(const nlohmann::json& options) {
  Config config;
  JsonFields fields(options);
  config.visit(fields);
  if (!fields.unused.empty()) throw std::runtime_error("unknown option in " + fields.unused.dump());
  return config;
}

inline std::vector<float> compute_case(const nlohmann::json& kaldi_case, std::span<const float> waveform) {
  const int64_t rate = kaldi_case.at("sample_rate_hz");
  const nlohmann::json& options = kaldi_case.at("options");
  if (kaldi_case.at("features") == "mfcc")
    return compute_mfcc(config_from<MfccConfig>(options), rate, waveform);
  return compute_fbank(config_from<FbankConfig>(options), rate, waveform);
}

/// Largest |a - b|, of energies that were not put through a logarithm relative to b where that is above 1.
/// Infinite when the sizes differ or a value is not finite. `slack`, if given, is subtracted from the
/// difference of each value.
inline double max_difference(const nlohmann::json& kaldi_case, std::span<const float> a,
                             std::span<const float> b, std::span<const double> slack = {}) {
  if (a.size() != b.size()) return INFINITY;
  const bool relative = !kaldi_case.at("options").value("use_log_fbank", true);
  double most = 0.0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double expected = b[i];
    const double unit = relative ? std::max(1.0, std::fabs(expected)) : 1.0;
    const double difference = std::fabs(a[i] - expected) / unit - (slack.empty() ? 0.0 : slack[i]);
    if (!(difference <= most)) most = std::isfinite(difference) ? difference : INFINITY;
  }
  return most;
}

}  // namespace wav2vec::test
