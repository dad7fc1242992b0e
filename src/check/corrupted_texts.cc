#include "check/corrupted_texts.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "check/corrupted_times.h"
#include "wav2vec/core/draws.h"
#include "wav2vec/measure/text_units.h"

namespace wav2vec {
namespace {

std::vector<size_t> shuffled(size_t count, const RandomStream& random) {
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  for (size_t left = count; left > 1; --left) std::swap(order[random.below(left, left)], order[left - 1]);
  return order;
}

std::string joined_words(std::span<const std::string> words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

void set_text(CorruptedSubtitle& subtitle, size_t cue, std::string text, TextTruth truth) {
  subtitle.cues[cue].text = std::move(text);
  subtitle.truth[cue].text = truth;
  subtitle.truth[cue].touched = true;
}

void exchange(CorruptedSubtitle& subtitle, size_t cue, TextPool& pool) {
  const std::string& text = subtitle.cues[cue].text;
  std::string other = pool.like(characters(text), text, subtitle.cues[cue].start_seconds, 7 * cue);
  if (!other.empty()) set_text(subtitle, cue, std::move(other), TextTruth::not_spoken);
}

/// Calls use(cue, words) for `share` of the cues of at least so many words.
template <class Use>
void with_words(const CorruptedSubtitle& subtitle, size_t fewest, double share, const RandomStream& random,
                Use&& use) {
  for (size_t i = 0; i < subtitle.cues.size(); ++i) {
    std::vector<std::string> words = split_words(subtitle.cues[i].text);
    if (words.size() >= fewest && random.uniform(1'000'000 + i) < share) use(i, std::move(words));
  }
}

void swap_texts(CorruptedSubtitle& subtitle, size_t a, size_t b) {
  std::string text = subtitle.cues[a].text;
  if (text == subtitle.cues[b].text) return;
  set_text(subtitle, a, subtitle.cues[b].text, TextTruth::not_spoken);
  set_text(subtitle, b, std::move(text), TextTruth::not_spoken);
}

}  // namespace

CorruptedSubtitle exchanged(std::string name, std::span<const CheckedText> cues, double first, double share,
                            TextPool& pool, const RandomStream& random) {
  CorruptedSubtitle out = untouched(std::move(name), cues);
  const std::vector<size_t> order = shuffled(out.cues.size(), random);
  const auto count = static_cast<double>(order.size());
  const auto end = static_cast<size_t>(std::llround((first + share) * count));
  for (auto k = static_cast<size_t>(std::llround(first * count)); k < end; ++k) exchange(out, order[k], pool);
  return out;
}

CorruptedSubtitle swapped(std::string name, std::span<const CheckedText> cues, bool neighbours,
                          const RandomStream& random) {
  CorruptedSubtitle out = untouched(std::move(name), cues);
  const size_t apart = neighbours ? 1 : std::max<size_t>(out.cues.size() / 2, 1);
  for (size_t i = 0; i + apart < out.cues.size(); ++i) {
    const bool free = !out.truth[i].touched && !out.truth[i + apart].touched;
    if (free && random.uniform(i) < 0.06) swap_texts(out, i, i + apart);
  }
  return out;
}

CorruptedSubtitle reordered(std::string name, std::span<const CheckedText> cues, const RandomStream& random) {
  CorruptedSubtitle out = untouched(std::move(name), cues);
  out.expected = FileState::wrong_content;
  const std::vector<size_t> order = shuffled(cues.size(), random);
  // A rotation of a shuffled order: nothing stays in its place.
  for (size_t k = 0; k < order.size(); ++k) {
    const std::string& text = cues[order[(k + 1) % order.size()]].text;
    if (text != out.cues[order[k]].text) set_text(out, order[k], text, TextTruth::not_spoken);
  }
  return out;
}

CorruptedSubtitle condensed(std::string name, std::span<const CheckedText> cues, const RandomStream& random) {
  CorruptedSubtitle out = untouched(std::move(name), cues);
  with_words(out, 5, 0.3, random, [&](size_t cue, std::vector<std::string> words) {
    const size_t left_out = random.below(cue, 4);
    std::vector<std::string> kept;
    for (size_t w = 0; w < words.size(); ++w) {
      if (w % 4 != left_out) kept.push_back(words[w]);
    }
    set_text(out, cue, joined_words(kept), TextTruth::spoken);
  });
  return out;
}

CorruptedSubtitle truncated(std::string name, std::span<const CheckedText> cues, const RandomStream& random) {
  CorruptedSubtitle out = untouched(std::move(name), cues);
  with_words(out, 4, 0.3, random, [&](size_t cue, std::vector<std::string> words) {
    set_text(out, cue, joined_words(std::span(words).first(words.size() / 2)), TextTruth::spoken);
  });
  return out;
}

CorruptedSubtitle misspoken(std::string name, std::span<const CheckedText> cues, TextPool& pool,
                            const RandomStream& random) {
  CorruptedSubtitle out = untouched(std::move(name), cues);
  with_words(out, 4, 0.2, random, [&](size_t cue, std::vector<std::string> words) {
    std::string& longest = *std::ranges::max_element(words, {}, characters);
    const std::string text = out.cues[cue].text;
    const std::vector<std::string> others =
        split_words(pool.like(characters(text), text, out.cues[cue].start_seconds, 7 * cue));
    const std::string* best = nullptr;
    const auto distance = [&](const std::string& word) {
      return std::abs(static_cast<double>(characters(word)) - static_cast<double>(characters(longest)));
    };
    for (const std::string& word : others) {
      if (text.find(word) != std::string::npos) continue;
      if (best == nullptr || distance(word) < distance(*best)) best = &word;
    }
    if (best == nullptr) return;
    longest = *best;
    set_text(out, cue, joined_words(words), TextTruth::changed);
  });
  return out;
}

CorruptedSubtitle thinned(std::string name, std::span<const CheckedText> cues, const RandomStream& random) {
  CorruptedSubtitle all = untouched(std::move(name), cues);
  CorruptedSubtitle out = all;
  out.cues.clear();
  out.truth.clear();
  for (size_t i = 0; i < all.cues.size(); ++i) {
    if (random.uniform(i) < 0.2) continue;
    out.cues.push_back(all.cues[i]);
    out.truth.push_back(all.truth[i]);
  }
  return out;
}

CorruptedSubtitle repeated(std::string name, std::span<const CheckedText> cues, const RandomStream& random) {
  CorruptedSubtitle out = untouched(std::move(name), cues);
  for (size_t i = 0; i < cues.size(); ++i) {
    if (random.uniform(2 * i) >= 0.1) continue;
    // Beyond the tolerance within which a text is looked for.
    const double later =
        cues[i].end_seconds - cues[i].start_seconds + 3.0 * (1.0 + random.uniform(2 * i + 1));
    out.cues.push_back({cues[i].start_seconds + later, cues[i].end_seconds + later, cues[i].text});
    out.truth.push_back({.text = TextTruth::not_spoken, .touched = true});
  }
  return out;
}

CorruptedSubtitle with_phantoms(std::string name, std::span<const CheckedText> cues, TextPool& pool,
                                const RandomStream& random) {
  CorruptedSubtitle out = untouched(std::move(name), cues);
  constexpr double kLeastGapSeconds = 1.5;
  constexpr double kCharactersPerSecond = 14.0;
  for (size_t i = 0; i + 1 < cues.size(); ++i) {
    const double gap = cues[i + 1].start_seconds - cues[i].end_seconds;
    if (gap < kLeastGapSeconds) continue;
    const double from = cues[i].end_seconds + 0.1;
    const double until = cues[i + 1].start_seconds - 0.1;
    const auto count = static_cast<size_t>(kCharactersPerSecond * (until - from));
    std::string text = pool.like(count, "", from, static_cast<size_t>(random.below(i, 1000)));
    if (text.empty()) break;
    out.cues.push_back({from, until, std::move(text)});
    out.truth.push_back({.text = TextTruth::not_spoken, .touched = true});
  }
  return out;
}

CorruptedSubtitle divided(std::string name, std::span<const CheckedText> cues, const RandomStream& random) {
  CorruptedSubtitle out = untouched(std::move(name), cues);
  with_words(out, 4, 0.3, random, [&](size_t i, std::vector<std::string> words) {
    const size_t half = words.size() / 2;
    std::string first = joined_words(std::span(words).first(half));
    std::string second = joined_words(std::span(words).subspan(half));
    const CheckedText cue = out.cues[i];
    const double share =
        static_cast<double>(characters(first)) / static_cast<double>(characters(first) + characters(second));
    const double middle = cue.start_seconds + share * (cue.end_seconds - cue.start_seconds);
    out.cues[i].end_seconds = middle;
    set_text(out, i, std::move(first), TextTruth::spoken);
    // Where the second begins is not known to the frame.
    out.cues.push_back({middle, cue.end_seconds, std::move(second)});
    out.truth.push_back({.text = TextTruth::spoken, .touched = true});
  });
  return out;
}

CorruptedSubtitle joined(std::string name, std::span<const CheckedText> cues, const RandomStream& random) {
  CorruptedSubtitle out = empty_subtitle(std::move(name), FileState::ok, cues.back().end_seconds);
  constexpr double kMostGapSeconds = 2.0;
  for (size_t i = 0; i < cues.size(); ++i) {
    CheckedText cue = cues[i];
    CueTruth truth{.start_seconds = cue.start_seconds};
    if (i + 1 < cues.size() && cues[i + 1].start_seconds - cue.end_seconds < kMostGapSeconds &&
        random.uniform(i) < 0.3) {
      ++i;
      cue.text += "\n" + cues[i].text;
      cue.end_seconds = cues[i].end_seconds;
      truth.touched = true;
    }
    out.cues.push_back(std::move(cue));
    out.truth.push_back(truth);
  }
  return out;
}

CorruptedSubtitle out_of_order(std::string name, std::span<const CheckedText> cues,
                               const RandomStream& random) {
  const CorruptedSubtitle all = untouched(std::move(name), cues);
  CorruptedSubtitle out = all;
  const std::vector<size_t> order = shuffled(cues.size(), random);
  for (size_t i = 0; i < order.size(); ++i) {
    out.cues[i] = all.cues[order[i]];
    out.truth[i] = all.truth[order[i]];
  }
  return out;
}

CorruptedSubtitle with_marks(std::string name, std::span<const CheckedText> cues) {
  CorruptedSubtitle out = untouched(std::move(name), cues);
  for (size_t i = 0; i < cues.size(); ++i) {
    const std::string& text = cues[i].text;
    switch (i % 6) {
      case 0:
        set_text(out, i, "ANNA: " + text, TextTruth::spoken);
        break;
      case 1:
        set_text(out, i, "<i>" + text + "</i>", TextTruth::spoken);
        break;
      case 2: {
        const std::vector<std::string> words = split_words(text);
        if (words.size() < 2) break;
        const size_t half = words.size() / 2;
        set_text(out, i,
                 "- " + joined_words(std::span(words).first(half)) + "\n- " +
                     joined_words(std::span(words).subspan(half)),
                 TextTruth::spoken);
        break;
      }
      case 3:
        set_text(out, i, "[sighs] " + text, TextTruth::spoken);
        break;
      case 4:
        out.cues.push_back(
            {cues[i].end_seconds, cues[i].end_seconds + 0.5, i % 4 == 0 ? "♪ ♪" : "(door slams)"});
        out.truth.push_back({.text = TextTruth::unjudged, .touched = true});
        break;
      default:
        break;
    }
  }
  return out;
}

CorruptedSubtitle rolling(std::string name, std::span<const CheckedText> cues) {
  CorruptedSubtitle out = untouched(std::move(name), cues);
  for (size_t i = 1; i < cues.size(); ++i)
    set_text(out, i, cues[i - 1].text + "\n" + cues[i].text, TextTruth::unjudged);
  return out;
}

}  // namespace wav2vec
