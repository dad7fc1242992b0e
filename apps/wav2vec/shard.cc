#include "shard.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <system_error>

#include "wav2vec/core/error.h"
#include "wav2vec/core/escape.h"
#include "wav2vec/train/job.h"

namespace wav2vec::app {

void add_shard_option(CLI::App& app, std::string& text, const std::string& what) {
  app.add_option(
         "--shard", text,
         what + ": part I of N, from 1 (2/8), for N processes; under mpirun and srun each rank's part")
      ->type_name("I/N");
}

Shard shard_of_process(const std::string& text) {
  if (text.empty()) {
    const std::optional<JobPlace> place = job_place();
    return place ? Shard{place->rank + 1, place->size} : Shard{};
  }
  Shard shard;
  const char* const end = text.data() + text.size();
  const auto [slash, bad] = std::from_chars(text.data(), end, shard.number);
  const bool has_slash = bad == std::errc() && slash != end && *slash == '/';
  const auto [rest, bad_parts] = has_slash ? std::from_chars(slash + 1, end, shard.parts)
                                           : std::from_chars_result{slash, std::errc::invalid_argument};
  if (bad_parts != std::errc() || rest != end || shard.number < 1 || shard.number > shard.parts)
    throw ConfigError(
        fmt::format("--shard {}: expected I/N with I from 1 to N, for example 1/4", printable(text)));
  return shard;
}

}  // namespace wav2vec::app
