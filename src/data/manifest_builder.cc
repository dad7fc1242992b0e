#include "wav2vec/data/manifest_builder.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <utility>

#include "wav2vec/core/escape.h"

namespace wav2vec {
namespace {

namespace fs = std::filesystem;

constexpr std::array kExtensions = std::to_array<std::string_view>(
    {".wav",  ".w64", ".rf64", ".flac", ".ogg", ".oga", ".opus", ".mp3",  ".aif",  ".aiff", ".aifc", ".sph",
     ".nist", ".m4a", ".mp4",  ".m4b",  ".mov", ".mkv", ".mka",  ".webm", ".aac",  ".g722", ".wma",  ".asf",
     ".amr",  ".3gp", ".caf",  ".ac3",  ".flv", ".avi", ".ts",   ".mpg",  ".mpeg", ".wv",   ".au",   ".snd"});

class Walker {
 public:
  void take(const fs::path& input) {
    std::error_code error;
    if (!fs::is_directory(input, error)) {
      found_.audio.push_back(input);  // what is wrong with it, its reader will say
      return;
    }
    waiting_ = {input};
    while (!waiting_.empty()) {
      const fs::path folder = std::move(waiting_.back());
      waiting_.pop_back();
      visit(folder);
    }
  }

  FoundFiles finish() {
    std::sort(found_.audio.begin(), found_.audio.end(),
              [](const fs::path& a, const fs::path& b) { return a.native() < b.native(); });
    found_.audio.erase(std::unique(found_.audio.begin(), found_.audio.end()), found_.audio.end());
    return std::move(found_);
  }

 private:
  void visit(const fs::path& folder) {
    struct stat status {};
    if (::stat(folder.c_str(), &status) == 0 && !visited_.emplace(status.st_dev, status.st_ino).second)
      return;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
      if (entry->path().filename().native().starts_with('.')) continue;
      std::error_code ignored;
      if (entry->is_directory(ignored)) {
        waiting_.push_back(entry->path());
      } else if (is_audio_name(entry->path())) {
        found_.audio.push_back(entry->path());
      } else {
        ++found_.ignored;
      }
    }
    if (error)
      found_.failures.push_back(
          fmt::format("{}: cannot list the folder: {}", printable(folder.string()), error.message()));
  }

  FoundFiles found_;
  std::vector<fs::path> waiting_;
  std::set<std::pair<dev_t, ino_t>> visited_;
};

std::string speaker_of(const fs::path& file, SpeakerRule rule) {
  if (rule == SpeakerRule::parent)
    return fs::absolute(file).lexically_normal().parent_path().filename().string();
  if (rule == SpeakerRule::none) return "";
  const std::string stem = file.stem().string();
  const size_t dash = stem.find('-');
  return dash == std::string::npos ? "" : stem.substr(0, dash);
}

}  // namespace

bool is_audio_name(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
}

FoundFiles find_audio_files(std::span<const fs::path> inputs) {
  Walker walker;
  for (const fs::path& input : inputs) walker.take(input);
  return walker.finish();
}

BuiltManifest measure_manifest(Manifest manifest, const AudioOptions& options, int64_t jobs) {
  for (Utterance& u : manifest.utterances) u.samples = -1;
  BuiltManifest built;
  built.manifest = std::move(manifest);
  built.failures = fill_lengths(built.manifest, options, jobs);
  std::erase_if(built.manifest.utterances, [](const Utterance& u) { return u.samples < 0; });
  return built;
}

BuiltManifest build_manifest(std::span<const fs::path> files, SpeakerRule speakers,
                             const AudioOptions& options, int64_t jobs) {
  Manifest manifest;
  for (const fs::path& file : files) {
    Utterance u;
    u.id = file.string();
    u.audio = file;
    u.speaker = speaker_of(file, speakers);
    manifest.utterances.push_back(std::move(u));
  }
  return measure_manifest(std::move(manifest), options, jobs);
}

}  // namespace wav2vec
