#include "extract_inputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"
#include "wav2vec/core/scratch.h"

namespace wav2vec::app {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMostListBytes = uint64_t{1} << 30;

std::vector<std::string> lines_of(std::istream& stream) {
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> read_list(const std::string& name) {
  if (name == "-") return lines_of(std::cin);
  std::istringstream text(read_file(name, kMostListBytes));
  return lines_of(text);
}

// Decoders seek, pipes do not.
fs::path copy_of_stdin(const std::string& scratch) {
  const fs::path folder = scratch.empty() ? default_scratch_folder() : fs::path(scratch);
  fs::path path = folder / fmt::format("wav2vec-stdin-{}", static_cast<int64_t>(getpid()));
  AtomicFile file(path);
  std::vector<char> piece(size_t{1} << 16);
  while (std::cin.read(piece.data(), std::ssize(piece)) || std::cin.gcount() > 0)
    file.write({piece.data(), static_cast<size_t>(std::cin.gcount())});
  file.commit();
  return path;
}

}  // namespace

ExtractInputs::ExtractInputs(const ExtractOptions& options) {
  std::vector<std::string> names = options.inputs;
  const auto from_stdin = std::erase(names, "-");
  if (from_stdin + (options.list == "-" ? 1U : 0U) > 1)
    throw ConfigError("stdin can be read once: one \"-\" too many");
  if (!options.list.empty()) std::ranges::copy(read_list(options.list), std::back_inserter(names));
  collected_ = collect_inputs(names);
  if (from_stdin == 0) return;
  stdin_audio_ = copy_of_stdin(options.scratch);
  Utterance u;
  u.audio = stdin_audio_;
  u.id = "stdin";
  collected_.manifest.utterances.push_back(std::move(u));
}

ExtractInputs::~ExtractInputs() {
  std::error_code ignored;
  if (!stdin_audio_.empty()) fs::remove(stdin_audio_, ignored);
}

}  // namespace wav2vec::app
