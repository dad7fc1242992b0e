#include "wav2vec/config/fbank_config.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "support/kaldi_features.h"
#include "wav2vec/config/postprocess_config.h"

using namespace wav2vec;
using namespace wav2vec::test;

namespace {

/// Names of all fields, each of which must differ from the others, as they share one section.
class FieldNames : public FieldVisitor {
 public:
  void field(std::string_view name, int64_t&, std::string_view) override { take(name); }
  void field(std::string_view name, double&, std::string_view) override { take(name); }
  void field(std::string_view name, bool&, std::string_view) override { take(name); }
  void field(std::string_view name, std::string&, std::string_view) override { take(name); }
  void field(std::string_view name, std::vector<int64_t>&, std::string_view) override { take(name); }
  void field(std::string_view name, std::vector<double>&, std::string_view) override { take(name); }
  void field(std::string_view name, std::vector<std::string>&, std::string_view) override { take(name); }
  void choice(std::string_view name, std::string&, std::span<const std::string_view>,
              std::string_view) override {
    take(name);
  }

  std::set<std::string> names;

 private:
  void take(std::string_view name) { CHECK_MESSAGE(names.emplace(name).second, std::string(name)); }
};

template <class Config>
size_t count_fields() {
  Config config;
  FieldNames names;
  config.visit(names);
  return names.names.size();
}

}  // namespace

TEST_CASE("options of filter banks, MFCC and postprocessing have names of their own and valid defaults") {
  CHECK(count_fields<FbankConfig>() == 19);
  CHECK(count_fields<MfccConfig>() == 19);
  CHECK(count_fields<PostprocessConfig>() == 11);
  for (const int64_t rate : {1000, 8000, 16000, 44100}) {
    CHECK_NOTHROW(FbankConfig{}.validate(rate));
    CHECK_NOTHROW(MfccConfig{}.validate(rate));
  }
  CHECK_NOTHROW(PostprocessConfig{}.validate());
}

TEST_CASE("options are read by name") {
  const auto fbank =
      config_from<FbankConfig>({{"num_mel_bins", 80}, {"window", "hamming"}, {"use_power", false}});
  CHECK(fbank.mel.num_mel_bins == 80);
  CHECK(fbank.window.window == WindowType::hamming);
  CHECK(!fbank.use_power);
  const auto post =
      config_from<PostprocessConfig>({{"cmvn", "sliding"}, {"subsample", 3}, {"delta_order", 2}});
  CHECK(post.cmvn.cmvn == CmvnKind::sliding);
  CHECK(post.subsample.subsample == 3);
  CHECK(post.deltas.delta_order == 2);
}
