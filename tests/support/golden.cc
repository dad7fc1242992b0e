#include "support/golden.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include "wav2vec/core/file.h"
#include "wav2vec/core/hash.h"
#include "wav2vec/core/rng.h"

namespace wav2vec::test {
namespace {

namespace fs = std::filesystem;

template <class T>
std::vector<double> to_doubles(const std::string& bytes, size_t start) {
  std::vector<double> values((bytes.size() - start) / sizeof(T));
  for (size_t i = 0; i < values.size(); ++i) {
    T value;
    std::memcpy(&value, bytes.data() + start + i * sizeof(T), sizeof(T));
    values[i] = static_cast<double>(value);
  }
  return values;
}

int16_t formula_audio(int64_t stream, int64_t i, double u) {
  const auto triangle = [](int64_t phase) {
    phase &= 65535;
    return (phase < 32768 ? phase : 65536 - phase) - 16384;
  };
  const auto floor_div = [](int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); };
  const int64_t a = triangle((900 + 137 * stream) * i + ((i * i) >> 4));
  const int64_t b = triangle((5200 - 311 * stream) * i);
  const int64_t noise = static_cast<int64_t>(u * 2048) - 1024;
  const int64_t envelope = 256 + floor_div(triangle(20 * i), 80);
  return static_cast<int16_t>(((((3 * a + 2 * b) >> 3) * envelope) >> 9) + noise);
}

template <class T>
T get(const nlohmann::json& config, const char* key, T fallback) {
  return config.contains(key) ? config.at(key).get<T>() : fallback;
}

}  // namespace

std::vector<fs::path> golden_folders() {
  std::vector<fs::path> folders;
  std::vector<fs::path> roots{fs::path(W2V_TEST_DATA) / "golden"};
  if (const char* more = std::getenv("W2V_GOLDEN_VECTORS")) roots.emplace_back(more);
  for (const fs::path& root : roots) {
    for (const auto& entry : fs::directory_iterator(root)) {
      const bool quantised = entry.path().filename().string().find("_vq_") != std::string::npos;
      if (!quantised && fs::exists(entry.path() / "index.json")) folders.push_back(entry.path());
    }
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

std::vector<double> hash_uniform(const std::string& name, int64_t count) {
  const uint64_t seed = fnv1a64(name);
  std::vector<double> values(static_cast<size_t>(count));
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<double>(mix64(seed + (i + 1) * 0x9E3779B97F4A7C15ULL) >> 40) * 0x1.0p-24;
  return values;
}

bool Golden::has(const std::string& tensor) const {
  return std::find(tensors.begin(), tensors.end(), tensor) != tensors.end();
}

std::vector<double> Golden::read(const std::string& tensor) const {
  std::string name = tensor;
  for (size_t at = 0; (at = name.find('/', at)) != std::string::npos;) name.replace(at, 1, "__");
  const std::string bytes = read_file(folder / (name + ".npy"), 1 << 26);
  uint16_t header_bytes = 0;
  std::memcpy(&header_bytes, bytes.data() + 8, 2);
  const std::string header = bytes.substr(10, header_bytes);
  const size_t start = 10U + header_bytes;
  if (header.find("<f4") != std::string::npos) return to_doubles<float>(bytes, start);
  if (header.find("<f8") != std::string::npos) return to_doubles<double>(bytes, start);
  if (header.find("<i4") != std::string::npos) return to_doubles<int32_t>(bytes, start);
  if (header.find("<i2") != std::string::npos) return to_doubles<int16_t>(bytes, start);
  throw std::runtime_error(tensor + ": dtype not known here: " + header);
}

std::vector<float> Golden::audio() const {
  std::vector<float> samples_out;
  if (!by_formula()) {
    for (double v : read("audio_i16")) samples_out.push_back(static_cast<float>(v / 32768.0));
    return samples_out;
  }
  for (int64_t stream = 0; stream < batch; ++stream) {
    const auto u = hash_uniform("audio" + std::to_string(stream), samples);
    for (int64_t i = 0; i < samples; ++i)
      samples_out.push_back(static_cast<float>(formula_audio(stream, i, u[static_cast<size_t>(i)])) /
                            32768.0F);
  }
  return samples_out;
}

std::vector<int32_t> Golden::negative_rows() const {
  std::vector<int32_t> rows;
  if (!by_formula()) {
    for (double v : read("neg_idx")) rows.push_back(static_cast<int32_t>(v));
    return rows;
  }
  const int64_t per_item = objective.negatives * frames;
  const auto u = hash_uniform("negatives", batch * per_item);
  for (int64_t j = 0; j < batch * per_item; ++j) {
    const auto r = static_cast<int64_t>(u[static_cast<size_t>(j)] * static_cast<double>(frames));
    rows.push_back(static_cast<int32_t>(j / per_item * frames + r));
  }
  return rows;
}

void Golden::fill_parameters(ParameterBlock& parameters) const {
  for (ParameterId id : parameters.layout().by_name()) {
    const ParameterSpec& spec = parameters.layout()[id];
    std::vector<float> values;
    if (!by_formula()) {
      for (double v : read("param/" + spec.name)) values.push_back(static_cast<float>(v));
    } else {
      const bool norm_weight = spec.init == ParameterInit::ones;
      const bool norm_bias = spec.init == ParameterInit::zeros;
      for (double u : hash_uniform(spec.name, spec.size)) {
        values.push_back(static_cast<float>(norm_weight ? 1.0 + (u - 0.5) * 0.25
                                            : norm_bias ? (u - 0.5) * 0.25
                                                        : (2.0 * u - 1.0) * spec.init_bound));
      }
    }
    from_checkpoint_order(spec, values, parameters[id]);
  }
}

Golden load_golden(const fs::path& folder) {
  Golden g;
  g.folder = folder;
  const auto index = nlohmann::json::parse(read_file(folder / "index.json", 1 << 24));
  g.meta = index.at("meta");
  for (const auto& [name, tensor] : index.at("tensors").items()) g.tensors.push_back(name);
  const auto& config = g.meta.at("config");
  const auto layers = [&](const char* key, std::vector<int64_t>& channels, std::vector<int64_t>& kernels,
                          std::vector<int64_t>* strides) {
    channels.clear();
    kernels.clear();
    if (strides != nullptr) strides->clear();
    for (const auto& layer : config.at(key)) {
      channels.push_back(layer.at(0).get<int64_t>());
      kernels.push_back(layer.at(1).get<int64_t>());
      if (strides != nullptr) strides->push_back(layer.at(2).get<int64_t>());
    }
  };
  layers("enc", g.model.encoder_channels, g.model.encoder_kernels, &g.model.encoder_strides);
  layers("agg", g.model.context_channels, g.model.context_kernels, nullptr);
  g.model.encoder_skip = get(config, "skip_enc", false);
  g.model.context_skip = get(config, "skip_agg", true);
  g.model.residual_scale = get(config, "residual_scale", 0.5);
  g.model.log_compression = get(config, "log_compression", true);
  g.model.context_padding = get(config, "zero_pad", false) ? ContextPadding::zero : ContextPadding::replicate;
  g.model.context_bias = get(config, "agg_bias", true);
  g.model.norm_affine = get(config, "affine", true);
  g.model.activation =
      get<std::string>(config, "activation", "relu") == "relu" ? Activation::relu : Activation::gelu;
  g.objective.loss = get(config, "infonce", false) ? ContrastiveLoss::infonce : ContrastiveLoss::bce;
  g.objective.prediction_steps = get<int64_t>(config, "steps", 12);
  g.objective.prediction_offset = get<int64_t>(config, "offset", 0);
  g.objective.negatives = get<int64_t>(config, "negatives", 10);
  g.objective.cross_sample_negatives = get<int64_t>(config, "cross_negatives", 0);
  g.objective.balanced_classes = get(config, "balanced", false);
  g.objective.sampling = NegativeSampling::fairseq_compat;
  g.batch = g.meta.at("batch").get<int64_t>();
  g.samples = g.meta.at("samples").get<int64_t>();
  g.frames = g.meta.at("frames").get<int64_t>();
  return g;
}

}  // namespace wav2vec::test
