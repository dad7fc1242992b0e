#include <algorithm>
#include <limits>

#include "describe.h"
#include "wav2vec/config/head_recipe.h"
#include "wav2vec/config/pretrain_recipe.h"
#include "wav2vec/core/text_lines.h"
#include "wav2vec/io/checkpoint.h"
#include "wav2vec/train/metrics.h"

namespace wav2vec::app {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct Measured {
  int64_t updates = 0;
  int64_t best_update = -1;
  double best_valid_bits = std::numeric_limits<double>::infinity();
};

void look_at(const MetricsRecord& record, Measured& measured) {
  measured.updates = std::max(measured.updates, record.update);
  if (record.split != "valid") return;
  for (const auto& [name, value] : record.values) {
    if (name != "loss_bits" || !(value < measured.best_valid_bits)) continue;
    measured.best_update = record.update;
    measured.best_valid_bits = value;
  }
}

// A run of train-head is told by the section that it alone has.
bool is_head_recipe(const fs::path& path) {
  std::string_view line;
  for (TextLines lines(path.string()); lines.next(line);) {
    if (line == "[head]") return true;
  }
  return false;
}

template <class Recipe>
int64_t max_updates_of(const fs::path& path) {
  Recipe recipe;
  read_recipe(path, recipe.sections());
  return recipe.train.max_updates;
}

}  // namespace

Json describe_run(const fs::path& folder) {
  std::error_code ignored;
  if (!fs::is_regular_file(folder / "recipe.toml", ignored)) return Json::object();
  const fs::path recipe = folder / "recipe.toml";
  const int64_t max_updates =
      is_head_recipe(recipe) ? max_updates_of<HeadRecipe>(recipe) : max_updates_of<PretrainRecipe>(recipe);
  Measured measured;
  if (fs::exists(folder / "metrics.jsonl", ignored)) {
    for (const MetricsRecord& record : read_metrics(folder / "metrics.jsonl")) look_at(record, measured);
  }
  const std::vector<int64_t> saved = CheckpointStore(folder).updates();
  const int64_t last_saved = saved.empty() ? 0 : saved.back();
  Json facts{{"kind", "run"},
             {"updates", std::max(measured.updates, last_saved)},
             {"max_updates", max_updates},
             {"finished", last_saved >= max_updates}};
  if (!saved.empty()) facts["last_checkpoint"] = last_saved;
  if (measured.best_update >= 0) {
    facts["best_update"] = measured.best_update;
    facts["best_valid_bits"] = measured.best_valid_bits;
  }
  return facts;
}

}  // namespace wav2vec::app
