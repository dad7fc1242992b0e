#pragma once
// What programme and bench-check are told about the programmes that they make.

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "choices.h"
#include "wav2vec/programme/programme.h"

namespace wav2vec::app {

struct ProgrammeSeries {
  std::vector<std::string> manifests;
  double minutes = 5.0;
  int64_t count = 1;
  ProgrammeOptions first;

  /// Of programme n, from 0: each has the seed behind that of the one before.
  ProgrammeOptions options_of(int64_t n) const {
    ProgrammeOptions options = first;
    options.seconds = minutes * 60.0;
    options.seed = first.seed + static_cast<uint64_t>(n);
    return options;
  }
};

inline void add_programme_options(CLI::App& app, ProgrammeSeries& series, double least_minutes) {
  app.add_option("--utterances", series.manifests,
                 "manifests with texts, for tests of speakers that no model has met")
      ->required();
  app.add_option("--minutes", series.minutes, "of each programme")
      ->capture_default_str()
      ->check(number_in(least_minutes, 600.0));
  app.add_option("--count", series.count, "programmes")->capture_default_str()->check(CLI::Range(1, 10000));
  app.add_option("--seed", series.first.seed, "of the first; each has the next")->capture_default_str();
  add_choice(app, "--bed", series.first.bed, kNoiseBedNames, "what lies below the speech");
  app.add_option("--snr-db", series.first.snr_db, "of speech over the bed")
      ->capture_default_str()
      ->check(number_in(-20.0, 60.0));
  app.add_flag("--telephone", series.first.telephone, "300 to 3400 Hz");
}

}  // namespace wav2vec::app
