#include "wav2vec/config/probe_input.h"

#include <doctest/doctest.h>

#include "wav2vec/core/error.h"

namespace wav2vec {

TEST_CASE("probe inputs: every form that the documentation names") {
  const ProbeInput stacked = parse_probe_input("logmel[-20,0]");
  CHECK(stacked.source == ProbeInput::Source::logmel);
  CHECK(stacked.first_frame == -20);
  CHECK(stacked.last_frame == 0);
  CHECK(stacked.stacked_frames() == 21);
  CHECK(stacked.name == "logmel[-20,0]");

  const ProbeInput mfcc = parse_probe_input("mfcc+2[-1,3]");
  CHECK(mfcc.source == ProbeInput::Source::mfcc);
  CHECK(mfcc.delta_order == 2);
  CHECK(mfcc.stacked_frames() == 5);

  const ProbeInput random = parse_probe_input("random:context.3");
  CHECK(random.source == ProbeInput::Source::random_model);
  CHECK(random.layers == std::vector<std::string>{"context.3"});

  const ProbeInput mix = parse_probe_input("mix(z,context.4,c)[-2,2]");
  CHECK(mix.source == ProbeInput::Source::model);
  CHECK(mix.layers == std::vector<std::string>{"z", "context.4", "c"});
  CHECK(mix.stacked_frames() == 5);

  const ProbeInput later = parse_probe_input("c[3,3]");
  CHECK(later.first_frame == 3);
  CHECK(later.last_frame == 3);
  CHECK(later.stacked_frames() == 1);

  CHECK(parse_probe_input("tuned:c").tuned);

  const ProbeInput normalised = parse_probe_input("cmvn:random:c+1[-1,1]");
  CHECK(normalised.utterance_cmvn);
  CHECK(normalised.source == ProbeInput::Source::random_model);
  CHECK(normalised.delta_order == 1);
  CHECK_FALSE(mfcc.utterance_cmvn);
}

TEST_CASE("probe inputs: what is none of the forms is refused") {
  for (const char* text : {"",
                           "x",
                           "zz",
                           "logmel[",
                           "logmel]",
                           "logmel[-20]",
                           "logmel[20,0]",
                           "logmel[-1,-2]",
                           "logmel[-1,2",
                           "logmel[-999,0]",
                           "logmel[-9223372036854775808,0]",
                           "mfcc+0",
                           "mfcc+9",
                           "mfcc+",
                           "z,c",
                           "mix(z,c",
                           "mix()",
                           "mix(z,,c)",
                           "mix(z,logmel)",
                           "random:logmel",
                           "tuned:mfcc",
                           "tuned:encoder.1",
                           "tuned:mix(z,c)",
                           "logmel[0,201]",
                           "tuned:c[-1,1]",
                           "tuned:c[1,1]",
                           "tuned:c+1",
                           "random:tuned:c",
                           "cmvn:tuned:c",
                           "random:cmvn:c",
                           "cmvn:",
                           "encoder.",
                           "encoder.-1",
                           "encoder.x",
                           "c ",
                           " c"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_probe_input(text), ConfigError);
  }
}

}  // namespace wav2vec
