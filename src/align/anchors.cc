#include "wav2vec/align/anchors.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <string_view>
#include <unordered_map>

#include "wav2vec/core/error.h"
#include "wav2vec/text/character_tokens.h"

namespace wav2vec {
namespace {

/// The letters of a text and where each stands in it.
struct Letters {
  std::string letters;
  std::vector<int64_t> places;
};

Letters letters_of(std::span<const int> tokens) {
  Letters out;
  for (int64_t i = 0; i < std::ssize(tokens); ++i) {
    const int token = tokens[static_cast<size_t>(i)];
    if (token == CharacterTokens::kBlank || token == token_of(' ')) continue;
    out.letters += character_of(token);
    out.places.push_back(i);
  }
  return out;
}

constexpr int64_t kTwice = -1;

/// Where each run of letters begins; kTwice for one that occurs again.
std::unordered_map<std::string_view, int64_t> runs_of(const std::string& letters, int64_t length) {
  std::unordered_map<std::string_view, int64_t> runs;
  for (int64_t i = 0; i + length <= std::ssize(letters); ++i) {
    const auto [at, is_new] = runs.try_emplace(
        std::string_view(letters).substr(static_cast<size_t>(i), static_cast<size_t>(length)), i);
    if (!is_new) at->second = kTwice;
  }
  return runs;
}

/// The longest part, in this order, whose frames rise (patience sorting). `anchors` are in the order of their
/// tokens.
std::vector<Anchor> longest_rising(const std::vector<Anchor>& anchors) {
  std::vector<size_t> ends;  // of the best chain of each length
  std::vector<int64_t> before(anchors.size(), -1);
  for (size_t i = 0; i < anchors.size(); ++i) {
    const auto at =
        std::ranges::lower_bound(ends, anchors[i].frame, {}, [&](size_t e) { return anchors[e].frame; });
    if (at != ends.begin()) before[i] = static_cast<int64_t>(*(at - 1));
    if (at == ends.end())
      ends.push_back(i);
    else
      *at = i;
  }
  std::vector<Anchor> chain;
  for (int64_t i = ends.empty() ? -1 : static_cast<int64_t>(ends.back()); i >= 0;
       i = before[static_cast<size_t>(i)])
    chain.push_back(anchors[static_cast<size_t>(i)]);
  std::ranges::reverse(chain);
  return chain;
}

bool supports(const Anchor& a, const Anchor& b, const AnchorOptions& options) {
  const int64_t frames = std::abs(a.frame - b.frame);
  const auto tokens = static_cast<double>(std::abs(a.token - b.token));
  return frames <= options.support_frames && static_cast<double>(frames) >= options.fewest_frames * tokens &&
         static_cast<double>(frames) <= options.most_frames * tokens;
}

}  // namespace

std::vector<Anchor> find_anchors(const HeardTokens& heard, std::span<const int> text,
                                 const AnchorOptions& options) {
  W2V_CHECK(heard.tokens.size() == heard.frames.size(), "a frame for every token");
  const Letters heard_letters = letters_of(heard.tokens);
  const Letters text_letters = letters_of(text);
  const auto heard_runs = runs_of(heard_letters.letters, options.length);
  std::vector<Anchor> anchors;
  for (const auto& [run, place] : runs_of(text_letters.letters, options.length)) {
    const auto match = heard_runs.find(run);
    if (place == kTwice || match == heard_runs.end() || match->second == kTwice) continue;
    anchors.push_back(
        {text_letters.places[static_cast<size_t>(place)],
         heard.frames[static_cast<size_t>(heard_letters.places[static_cast<size_t>(match->second)])]});
  }
  std::ranges::sort(anchors, {}, &Anchor::token);
  const std::vector<Anchor> chain = longest_rising(anchors);
  std::vector<Anchor> supported;
  for (size_t i = 0; i < chain.size(); ++i) {
    if ((i > 0 && supports(chain[i - 1], chain[i], options)) ||
        (i + 1 < chain.size() && supports(chain[i], chain[i + 1], options)))
      supported.push_back(chain[i]);
  }
  return supported;
}

}  // namespace wav2vec
