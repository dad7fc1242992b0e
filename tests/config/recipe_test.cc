#include "wav2vec/config/recipe.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <fstream>
#include <limits>
#include <string>

#include "support/temporary_folder.h"
#include "wav2vec/config/data_config.h"
#include "wav2vec/config/model_config.h"
#include "wav2vec/config/objective_config.h"
#include "wav2vec/config/train_config.h"
#include "wav2vec/core/rng.h"

namespace wav2vec {
namespace {

struct Configs {
  ModelConfig model;
  ObjectiveConfig objective;
  DataConfig data;
  OptimConfig optim;
  TrainConfig train;

  std::vector<RecipeSection> sections() {
    return {{"model", [this](FieldVisitor& v) { model.visit(v); }},
            {"objective", [this](FieldVisitor& v) { objective.visit(v); }},
            {"data", [this](FieldVisitor& v) { data.visit(v); }},
            {"optim", [this](FieldVisitor& v) { optim.visit(v); }},
            {"train", [this](FieldVisitor& v) { train.visit(v); }}};
  }
};

/// The message of the error that parsing gives.
std::string error_of(std::string_view text) {
  Configs configs;
  try {
    parse_recipe(text, "r.toml", configs.sections());
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

std::string override_error_of(std::string_view text) {
  Configs configs;
  try {
    apply_override(text, configs.sections());
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

/// Writes every field's exact value (doubles as bit patterns), to compare two sets of configs.
class ExactDump : public FieldVisitor {
 public:
  void field(std::string_view name, int64_t& value, std::string_view) override { add(name, value); }
  void field(std::string_view name, double& value, std::string_view) override {
    add(name, std::bit_cast<uint64_t>(value));
  }
  void field(std::string_view name, bool& value, std::string_view) override { add(name, value); }
  void field(std::string_view name, std::string& value, std::string_view) override { add(name, value); }
  void field(std::string_view name, std::vector<int64_t>& value, std::string_view) override {
    add(name, fmt::format("{}", fmt::join(value, ",")));
  }
  void field(std::string_view name, std::vector<double>& value, std::string_view) override {
    add(name, fmt::format("{}", fmt::join(value, ",")));
  }
  void field(std::string_view name, std::vector<std::string>& value, std::string_view) override {
    std::string joined;
    for (const std::string& item : value) joined += fmt::format("{}:{}", item.size(), item);
    add(name, joined);
  }
  void choice(std::string_view name, std::string& value, std::span<const std::string_view>,
              std::string_view) override {
    add(name, value);
  }
  std::string text;

 private:
  template <class T>
  void add(std::string_view name, const T& value) {
    text += fmt::format("{}={}\n", name, value);
  }
};

std::string dump(Configs& configs) {
  ExactDump dumper;
  for (const RecipeSection& section : configs.sections()) section.visit(dumper);
  return dumper.text;
}

void check_round_trip(Configs& configs) {
  const std::string recipe = format_recipe("", configs.sections());
  Configs back;
  back.model.encoder_channels.clear();
  parse_recipe(recipe, "r.toml", back.sections());
  CHECK(dump(back) == dump(configs));
}

TEST_CASE("a recipe assigns the fields it names and leaves the others") {
  Configs configs;
  parse_recipe(
      "# a comment\n[model]\nencoder_channels = [8, 16]\ncontext_skip = true\nresidual_scale = 1\n"
      "activation = \"gelu\"\n[data]\ntrain = [\"a b.tsv\", 'c\\d.tsv']\n",
      "r.toml", configs.sections());
  CHECK(configs.model.encoder_channels == std::vector<int64_t>{8, 16});
  CHECK(configs.model.context_skip);
  CHECK(configs.model.residual_scale == 1.0);  // an integer is accepted where a number is wanted
  CHECK(configs.model.activation == Activation::gelu);
  CHECK(configs.model.encoder_kernels == std::vector<int64_t>{10, 8, 4, 4, 4});
  CHECK(configs.data.train == std::vector<std::string>{"a b.tsv", "c\\d.tsv"});
  CHECK(configs.train.max_updates == 400000);
}

TEST_CASE("every config round-trips to the last bit") {
  Configs defaults;
  check_round_trip(defaults);

  Configs odd;
  odd.data.train = {
      "plain", "quote\" back\\slash", "tab\there", "new\nline", "#= [x]", "\x7f\x01", "naïve 中", ""};
  odd.data.valid = {};
  odd.train.seed = std::numeric_limits<int64_t>::max();
  odd.train.log_every = std::numeric_limits<int64_t>::min();
  odd.objective.sampling = NegativeSampling::uniform;
  odd.optim.schedule = ScheduleKind::tri_stage;
  odd.model.norm_affine = false;
  odd.model.context_kernels = {1};
  odd.optim.learning_rate = 0.1;
  odd.optim.eps = std::numeric_limits<double>::denorm_min();
  odd.optim.clip_norm = std::numeric_limits<double>::max();
  odd.optim.weight_decay = -0.0;
  odd.optim.beta1 = 1.0 - 0x1p-53;
  odd.optim.beta2 = std::numeric_limits<double>::infinity();
  check_round_trip(odd);

  const RandomStream random(1, RandomUse::shuffle, {});
  for (uint64_t i = 0; i < 300; ++i) {
    const auto value = std::bit_cast<double>(random.bits(i));
    if (std::isnan(value)) continue;
    odd.optim.learning_rate = value;
    odd.optim.min_learning_rate = std::ldexp(random.uniform(i), -20);
    odd.optim.eps = static_cast<double>(random.below(i, 1000000));
    check_round_trip(odd);
  }
}

TEST_CASE("the written recipe says what every key means") {
  Configs configs;
  const std::string recipe = format_recipe("two lines\nof\x1b head", configs.sections());
  CHECK(recipe.starts_with("# two lines\n# of\\x1b head\n\n[model]\n"));
  CHECK(recipe.find("\nlearning_rate = 0.005  # peak learning rate\n") != std::string::npos);
  CHECK(recipe.find("\nloss = \"bce\"  # ") != std::string::npos);
  CHECK(recipe.find("(bce | infonce)\n") != std::string::npos);
  CHECK(recipe.find("\nencoder_kernels = [10, 8, 4, 4, 4]  # ") != std::string::npos);
  CHECK(recipe.find("\nclip_norm = 0.0  # ") != std::string::npos);

  configs.data.train = {"not\xffutf8"};
  CHECK_THROWS_WITH_AS(format_recipe("", configs.sections()),
                       "[data] train: \"not\\xffutf8\" is not valid UTF-8, which a recipe cannot hold",
                       ConfigError);
}

TEST_CASE("unknown sections and keys are refused with position and the nearest name") {
  CHECK(error_of("[model]\nencoder_kernel = [1]\n") ==
        "r.toml:2:1: unknown key 'encoder_kernel' in [model]; did you mean 'encoder_kernels'?");
  CHECK(error_of("[optim]\n\n  laerning_rate = 1.0\n") ==
        "r.toml:3:3: unknown key 'laerning_rate' in [optim]; did you mean 'learning_rate'?");
  CHECK(error_of("[train]\nwarmup_updates = 5\n") ==
        "r.toml:2:1: unknown key 'warmup_updates' in [train]; it belongs in [optim]");
  CHECK(error_of("[train]\nzzzzzzzz = 5\n") == "r.toml:2:1: unknown key 'zzzzzzzz' in [train]");
  CHECK(error_of("[modle]\ndropout = 0.5\n") == "r.toml:1:2: unknown section [modle]; did you mean 'model'?");
  CHECK(error_of("\nseed = 5\n[train]\n") ==
        "r.toml:2:1: key 'seed' stands outside a section; write it below its [section]");
  // The first mistake in the text, not in the alphabet.
  CHECK(error_of("[train]\nzz = 5\naa = 5\n").starts_with("r.toml:2:1: unknown key 'zz'"));
  CHECK(error_of("[train]\n\"\x1b[2J\" = 5\n").find('\x1b') == std::string::npos);
  CHECK(error_of("[train]\n" + std::string(100000, 'a') + " = 5\n").size() < 200);
}

TEST_CASE("wrong types are refused with what was expected and what was found") {
  CHECK(error_of("[train]\nseed = 1.0\n") ==
        "r.toml:2:8: [train] seed: expected an integer; found the float 1.0");
  CHECK(error_of("[train]\nseed = \"1\"\n") ==
        "r.toml:2:8: [train] seed: expected an integer; found the string \"1\"");
  CHECK(error_of("[model]\ndropout = true\n") ==
        "r.toml:2:11: [model] dropout: expected a number; found the boolean true");
  CHECK(error_of("[model]\nlog_compression = 1\n") ==
        "r.toml:2:19: [model] log_compression: expected true or false; found the integer 1");
  CHECK(error_of("[model]\nencoder_kernels = 10\n") ==
        "r.toml:2:19: [model] encoder_kernels: expected an array of integers such as [1, 2]; found the "
        "integer 10");
  CHECK(error_of("[model]\nencoder_kernels = [10,\n 8.0]\n") ==
        "r.toml:3:2: [model] encoder_kernels: expected an array of integers such as [1, 2]; found the float "
        "8.0");
  CHECK(error_of("[model]\nencoder_kernels = [[10]]\n") ==
        "r.toml:2:20: [model] encoder_kernels: expected an array of integers such as [1, 2]; found an array");
  CHECK(error_of("[data]\ntrain = \"a.tsv\"\n") ==
        "r.toml:2:9: [data] train: expected an array of strings such as [\"a\", \"b\"]; found the string "
        "\"a.tsv\"");
  CHECK(error_of("[train]\nseed = 1979-05-27\n") ==
        "r.toml:2:8: [train] seed: expected an integer; found a date or time");
  CHECK(error_of("[objective]\nloss = \"bec\"\n") ==
        "r.toml:2:8: [objective] loss: expected one of \"bce\", \"infonce\"; found \"bec\"; did you mean "
        "'bce'?");
  CHECK(error_of("[objective]\nloss = 1\n") ==
        "r.toml:2:8: [objective] loss: expected a string; found the integer 1");
}

TEST_CASE("nested and inline tables are refused") {
  CHECK(error_of("model = { dropout = 0.5 }\n") ==
        "r.toml:1:1: expected a section [model] with one key = value per line; found an inline table");
  CHECK(error_of("[[model]]\ndropout = 0.5\n").starts_with("r.toml:1:"));
  CHECK(error_of("[[model]]\ndropout = 0.5\n").find("found an array") != std::string::npos);
  CHECK(error_of("[model.inner]\ndropout = 0.5\n").find("unknown key 'inner' in [model]") !=
        std::string::npos);
  CHECK(error_of("[model]\ndropout.x = 0.5\n").find("[model] dropout: expected a number; found a table") !=
        std::string::npos);
  CHECK(error_of("[model]\ndropout = { x = 1 }\n") ==
        "r.toml:2:11: [model] dropout: expected a number; found a table");
}

TEST_CASE("syntax errors carry line and column") {
  for (const char* text :
       {"[model\n", "[model]\ndropout = \n", "[model]\ndropout = 0.5 0.6\n",
        "[model]\ndropout = 0.5\ndropout = 0.6\n", "[model]\nseed = 99999999999999999999\n",
        "[model]\nx = \"\xff\"\n", "[data]\ntrain = [\"a\n"}) {
    CAPTURE(text);
    const std::string message = error_of(text);
    int line = 0;
    int column = 0;
    REQUIRE(std::sscanf(message.c_str(), "r.toml:%d:%d: ", &line, &column) == 2);
    CHECK(line >= 1);
    CHECK(line <= 3);
    CHECK(column >= 1);
    CHECK(message.find('\n') == std::string::npos);
  }
  CHECK(error_of("[model]\nencoder_kernels = " + std::string(100000, '[')) != "no error");
}

TEST_CASE("nothing is substituted or included") {
  Configs configs;
  parse_recipe("[data]\ntrain = [\"$HOME/${X}\", \"~/a\"]\n", "r.toml", configs.sections());
  CHECK(configs.data.train == std::vector<std::string>{"$HOME/${X}", "~/a"});
  CHECK(error_of("include = \"other.toml\"\n").find("outside a section") != std::string::npos);
}

TEST_CASE("an override assigns one field") {
  Configs configs;
  const auto sections = configs.sections();
  apply_override("model.encoder_kernels=[1, 2]", sections);
  apply_override("optim.learning_rate=1e-3", sections);
  apply_override("model.dropout=0", sections);
  apply_override("objective.loss=infonce", sections);
  apply_override("objective.sampling=\"uniform\"", sections);
  apply_override("data.train=['x=1.y.tsv']", sections);
  apply_override("train.seed=7", sections);
  CHECK(configs.model.encoder_kernels == std::vector<int64_t>{1, 2});
  CHECK(configs.optim.learning_rate == 1e-3);
  CHECK(configs.objective.loss == ContrastiveLoss::infonce);
  CHECK(configs.objective.sampling == NegativeSampling::uniform);
  CHECK(configs.data.train == std::vector<std::string>{"x=1.y.tsv"});
  CHECK(configs.train.seed == 7);
}

TEST_CASE("a wrong override is named") {
  CHECK(override_error_of("model.dropot=0.5") ==
        "--set model.dropot=0.5: unknown key 'dropot' in [model]; did you mean 'dropout'?");
  CHECK(override_error_of("modle.dropout=0.5") ==
        "--set modle.dropout=0.5: unknown section [modle]; did you mean 'model'?");
  CHECK(override_error_of("train.seed=1.5") ==
        "--set train.seed=1.5: [train] seed: expected an integer; found the float 1.5");
  CHECK(override_error_of("objective.loss=bec").find("did you mean 'bce'?") != std::string::npos);
  for (const char* text : {"", "=", "model", "model.dropout", "dropout=0.5", "a=b.c",
                           "model.dropout=", "model.dropout=0.1\ndropout_context=0.2", "model.=1",
                           ".dropout=1", "train.seed=1 2"}) {
    CAPTURE(text);
    CHECK(override_error_of(text).starts_with("--set "));
  }
}

TEST_CASE("a recipe file is read, or its path is named") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "a.toml";
  std::ofstream(path) << "[train]\nseed = 9\n";
  Configs configs;
  read_recipe(path, configs.sections());
  CHECK(configs.train.seed == 9);

  const auto message_for = [&](const std::filesystem::path& file) -> std::string {
    try {
      read_recipe(file, configs.sections());
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "no error";
  };
  std::ofstream(path) << "[train]\nsede = 9\n";
  CHECK(message_for(path) == path.string() + ":2:1: unknown key 'sede' in [train]; did you mean 'seed'?");
  CHECK(message_for(folder.path() / "none.toml").starts_with((folder.path() / "none.toml").string() + ": "));
  CHECK(message_for(folder.path()).starts_with(folder.path().string() + ": "));
  std::ofstream(path) << "[train]\nseed = 9\n" << std::string(size_t{1} << 20, '#');
  CHECK(message_for(path).find("more than the 1048576") != std::string::npos);
}

TEST_CASE("keys of very many parts are refused before they are parsed") {
  std::string dots;
  for (int i = 0; i < 100000; ++i) dots += "a.";
  for (const std::string& text : {dots + "b = 1", "[" + dots + "a]", "[data]\nx = {" + dots + "a = 1}",
                                  "\"q\"." + dots + "b = 1", "'a.b' . " + dots + "c = 1"}) {
    Configs configs;
    CHECK_THROWS_AS(parse_recipe(text, "r.toml", configs.sections()), ConfigError);
  }
  Configs configs;
  parse_recipe("# " + std::string(150, '.') + "\n[data]\ntrain = [\"" + dots + "\"]\n", "r.toml",
               configs.sections());
  CHECK(configs.data.train.front() == dots);
}

}  // namespace
}  // namespace wav2vec
