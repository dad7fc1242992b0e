#include "data/manifest_collector.h"

#include <fmt/format.h>

#include "wav2vec/core/escape.h"
#include "wav2vec/core/log.h"

namespace wav2vec {
namespace {

// lexically_normal() is slow and rarely changes anything.
bool may_need_normalising(const std::string& path) {
  return path.starts_with(".") || path.find("/.") != std::string::npos ||
         path.find("//") != std::string::npos;
}

}  // namespace

void ManifestCollector::add(Utterance utterance, const TextLines& lines) {
  if (may_need_normalising(utterance.audio.native())) utterance.audio = utterance.audio.lexically_normal();
  std::string part = utterance.audio.string();
  if (utterance.is_segment())
    part += fmt::format("\t{}\t{}", utterance.start_seconds, utterance.duration_seconds);
  const auto [known, is_new] = line_of_id_.emplace(utterance.id, Line{lines.number(), part});
  if (!is_new && known->second.part == part) {
    if (repeated_++ == 0) first_repeated_line_ = lines.number();
    return;
  }
  if (!is_new)
    lines.fail(fmt::format("the id \"{}\" is already taken by line {}; ids must be unique",
                           printable(utterance.id), known->second.number));
  manifest_.utterances.push_back(std::move(utterance));
}

Manifest ManifestCollector::finish(const std::string& manifest_name) {
  const std::string shown = printable(manifest_name);
  if (manifest_.utterances.empty())
    throw DataError(fmt::format("{}: no utterances; make one with: wav2vec manifest FOLDER -o FILE", shown));
  if (repeated_ > 0)
    log_warning(fmt::format("{}: {} repeated lines left out, the first is line {}", shown, repeated_,
                            first_repeated_line_));
  return std::move(manifest_);
}

}  // namespace wav2vec
