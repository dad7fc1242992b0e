#include "wav2vec/check/corruption.h"

#include <fmt/format.h>

#include <algorithm>

#include "check/corrupted_texts.h"
#include "check/corrupted_times.h"

namespace wav2vec {
namespace {

constexpr double kShifts[] = {0.2, 0.5, 1.0, 2.0, 5.0, 30.0, 90.0};
constexpr double kClockErrors[] = {5e-5, 2e-4, 1e-3};
constexpr int kExchanges = 4;  // of other cues each, for more wrong texts at the same share of them

/// Numbers of its own for each of a list.
class Streams {
 public:
  explicit Streams(uint64_t seed) : seed_(seed) {}
  RandomStream next() { return RandomStream(seed_, RandomUse::programme, {5, ++count_}); }

 private:
  uint64_t seed_;
  uint64_t count_ = 0;
};

using List = std::vector<CorruptedSubtitle>;

void add_times(List& all, std::span<const CheckedText> cues, TextPool& pool, Streams& streams,
               uint64_t seed) {
  const double end = cues.back().end_seconds;
  all.push_back(untouched("C0 right, exact", cues));
  all.push_back(loose("C0 right, loose", cues, seed));
  for (const double sign : {-1.0, 1.0}) {
    for (const double shift : kShifts)
      all.push_back(stretched(fmt::format("C1 shift {:+.1f} s", sign * shift), cues, 1.0, sign * shift));
  }
  for (const FrameRateRatio& ratio : frame_rate_ratios())
    all.push_back(stretched(fmt::format("C2 rate {}", ratio.name), cues, 1.0 / ratio.slope, 0.0, ratio.name));
  for (const double sign : {-1.0, 1.0}) {
    for (const double error : kClockErrors)
      all.push_back(
          stretched(fmt::format("C2 clock {:+.0f} ppm", 1e6 * sign * error), cues, 1.0 + sign * error, 0.0));
  }
  constexpr double kBoth[] = {2.0, -5.0, 1.0};
  for (size_t k = 0; k < std::size(kBoth); ++k) {
    const FrameRateRatio& ratio = frame_rate_ratios()[2 * k];
    all.push_back(stretched(fmt::format("C3 rate {}, shift {:+.1f} s", ratio.name, kBoth[k]), cues,
                            1.0 / ratio.slope, kBoth[k], ratio.name));
  }
  const auto edit = [&](std::string name, std::initializer_list<Edit> edits) {
    all.push_back(edited(std::move(name), cues, edits, pool, streams.next()));
  };
  edit("C4 scene of 45 s lost", {{0.5 * end, 45.0}});
  edit("C4 three scenes of 15 s lost", {{0.25 * end, 15.0}, {0.5 * end, 15.0}, {0.75 * end, 15.0}});
  edit("C4 scene of 120 s lost", {{0.5 * end, 120.0}});
  edit("C5 30 s put in", {{0.5 * end, -30.0}});
  edit("C5 twice 20 s put in", {{0.3 * end, -20.0}, {0.7 * end, -20.0}});
  edit("C6 first 20 s lost", {{0.0, 20.0}});
  edit("C6 20 s before the first cue", {{0.0, -20.0}});
  all.push_back(untouched("C6 end lost", cues));
  add_unspoken(all.back(), end + 2.0, end + 40.0, pool, streams.next());
  for (const double spread : {0.1, 0.3, 0.8}) {
    Draws draws(streams.next());
    all.push_back(retouched(fmt::format("C7 starts jittered by {:.0f} ms", 1e3 * spread), cues,
                            [&](CheckedText& cue) { cue.start_seconds += spread * draws.normal(); }));
  }
  all.push_back(retouched("C7 ends held for 2 s", cues, [](CheckedText& cue) { cue.end_seconds += 2.0; }));
  all.push_back(retouched("C7 a third of the time", cues, [](CheckedText& cue) {
    cue.end_seconds = cue.start_seconds + (cue.end_seconds - cue.start_seconds) / 3.0;
  }));
}

void add_texts(List& all, std::span<const CheckedText> cues, const CorruptionTexts& texts, TextPool& pool,
               Streams& streams) {
  all.push_back(swapped("C8 neighbours swapped", cues, true, streams.next()));
  all.push_back(swapped("C8 distant texts swapped", cues, false, streams.next()));
  const RandomStream turns = streams.next();
  for (int k = 0; k < kExchanges; ++k)
    all.push_back(exchanged("C9 texts of others in 10 %", cues, 0.1 * k, 0.1, pool, turns));
  all.push_back(exchanged("C10 another programme", cues, 0.0, 1.0, pool, streams.next()));
  all.back().expected = FileState::wrong_content;
  all.push_back(reordered("C10 its own texts shuffled", cues, streams.next()));
  if (!texts.foreign.empty()) {
    TextPool foreign(texts.foreign, {});
    all.push_back(exchanged("C11 another language in 10 %", cues, 0.0, 0.1, foreign, streams.next()));
    all.push_back(exchanged("C11 another language", cues, 0.0, 1.0, foreign, streams.next()));
    all.back().expected = FileState::wrong_content;
  }
  all.push_back(condensed("C12 one word in four left out", cues, streams.next()));
  all.push_back(truncated("C12 half of the text", cues, streams.next()));
  all.push_back(misspoken("C13 one word changed", cues, pool, streams.next()));
  all.push_back(thinned("C14 cues missing", cues, streams.next()));
  all.push_back(repeated("C14 cues twice", cues, streams.next()));
  all.push_back(with_phantoms("C14 cues in pauses", cues, pool, streams.next()));
  all.push_back(divided("C15 cues divided", cues, streams.next()));
  all.push_back(joined("C15 cues joined", cues, streams.next()));
  all.push_back(out_of_order("C15 cues out of order", cues, streams.next()));
  all.push_back(with_marks("C16 speakers, tags, sounds", cues));
  all.push_back(rolling("C17 rolling lines", cues));
  all.push_back(retouched("C17 cues overlap", cues, [](CheckedText& cue) { cue.end_seconds += 4.0; }));
}

}  // namespace

std::vector<CorruptedSubtitle> corrupted_subtitles(std::span<const CheckedText> cues,
                                                   const CorruptionTexts& texts, uint64_t seed) {
  List all;
  if (cues.empty()) return all;
  TextPool pool(texts.others, cues);
  Streams streams(seed);
  add_times(all, cues, pool, streams, seed);
  add_texts(all, cues, texts, pool, streams);
  return all;
}

}  // namespace wav2vec
