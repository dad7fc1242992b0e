#include "extract_outputs.h"

#include <filesystem>

#include "shard.h"

namespace wav2vec::app {

ExtractOutputs::ExtractOutputs(const ExtractOptions& options, std::span<const FeatureContract> contracts)
    : standing_(contracts.size()) {
  namespace fs = std::filesystem;
  const std::string part = part_name(shard_of_process(options.shard));
  for (const FeatureContract& contract : contracts) {
    const fs::path path =
        contracts.size() == 1 ? fs::path(options.out) : fs::path(options.out) / contract.layer;
    writers_.push_back(make_feature_writer(options.format, {path, part, options.overwrite}, contract));
    behind_.push_back(std::make_unique<WriteBehind>(*writers_.back()));
  }
}

bool ExtractOutputs::stands(const std::string& id) {
  size_t count = 0;
  for (size_t i = 0; i < writers_.size(); ++i) {
    if (!writers_[i]->has(id)) continue;
    standing_[i].insert(id);
    ++count;
  }
  return count == writers_.size();
}

void ExtractOutputs::write(size_t which, const Utterance& utterance, const FeatureRows& rows) {
  if (standing_[which].contains(utterance.id)) return;
  behind_[which]->write(utterance.id, rows, utterance.audio.string());
}

std::vector<WrittenFeatures> ExtractOutputs::close() {
  std::vector<WrittenFeatures> written;
  for (size_t i = 0; i < writers_.size(); ++i) {
    written.push_back(behind_[i]->finish());
    writers_[i]->close();
  }
  return written;
}

}  // namespace wav2vec::app
