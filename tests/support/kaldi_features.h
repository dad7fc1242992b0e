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

/// Largest |a - b| / max(1, |b|): relative for energies that were not put through a logarithm. Infinite when
/// the sizes differ or a value is not finite.
inline double max_difference(std::span<const float> a, std::span<const float> b) {
  if (a.size() != b.size()) return INFINITY;
  double most = 0.0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double difference =
        std::fabs(static_cast<double>(a[i]) - b[i]) / std::max(1.0, std::fabs(static_cast<double>(b[i])));
    if (!(difference <= most)) most = std::isfinite(difference) ? difference : INFINITY;
  }
  return most;
}

}  // namespace wav2vec::test
