// What we write is read by numpy, h5py and by readers written from the formats' definitions.

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "support/temporary_folder.h"
#include "wav2vec/io/feature_writer.h"

using namespace wav2vec;
namespace fs = std::filesystem;

TEST_CASE("consumers: every format gives back the values of npy") {
  const TemporaryFolder folder;
  const FeatureContract contract{.sample_rate_hz = 16000,
                                 .hop_samples = 160,
                                 .receptive_field_samples = 465,
                                 .first_frame_center_seconds = 232.0 / 16000,
                                 .layer = "c",
                                 .channels = 5,
                                 .model = "run/model.safetensors",
                                 .model_hash = "crc32c:01234567",
                                 .resampler = "soxr",
                                 .dtype = "f32"};
  std::vector<float> values(5 * 5000);
  for (size_t i = 0; i < values.size(); ++i) {
    const double x = static_cast<double>(i);
    values[i] = static_cast<float>(std::sin(x * x) * std::exp(3 * std::sin(x)));
  }
  for (size_t i = 0; i < std::size(kFeatureFormatNames); ++i) {
    const fs::path out = folder.path() / kFeatureFormatNames[i];
    const auto writer = make_feature_writer(static_cast<FeatureFormat>(i), {out, "", false}, contract);
    for (const int64_t frames : {1, 2, 4, 9, 5000})
      writer->write("speaker/" + std::to_string(frames), rows_in_memory(values.data(), frames, 5));
    writer->close();
  }
  // Debian's Python has Debian's numpy.
  const std::string python = fs::exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
  const std::string command =
      python + " '" W2V_SOURCE_DIR "/tests/consumers/read_features.py' '" + folder.path().string() + "' >&2";
  const int code = WEXITSTATUS(std::system(command.c_str()));
  if (code == 77 || code == 127) {
    WARN_MESSAGE(false, "SKIPPED: python3-numpy is missing, nothing was compared");
    return;
  }
  CHECK(code == 0);
}
