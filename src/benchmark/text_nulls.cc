#include "wav2vec/benchmark/text_nulls.h"

#include <algorithm>
#include <cmath>

#include "wav2vec/text/token_set.h"

namespace wav2vec {
namespace {

template <class Use>
void each_triple(std::span<const int> letters, Use&& use) {
  std::array<int, 3> triple{kBlankToken, kBlankToken, kBlankToken};
  for (const int letter : letters) {
    triple = {triple[1], triple[2], letter};
    use(triple);
  }
}

}  // namespace

void LetterTrigrams::add(std::span<const int> letters) {
  each_triple(letters, [&](const std::array<int, 3>& triple) {
    ++triples_[triple];
    ++pairs_[{triple[0], triple[1]}];
  });
}

double LetterTrigrams::mean_log_probability(std::span<const int> letters) const {
  if (letters.empty()) return 0.0;
  double sum = 0.0;
  each_triple(letters, [&](const std::array<int, 3>& triple) {
    const auto both = triples_.find(triple);
    const auto before = pairs_.find({triple[0], triple[1]});
    const auto count = [](const auto& map, const auto& at) {
      return at == map.end() ? 0.0 : static_cast<double>(at->second);
    };
    sum += std::log((count(triples_, both) + 1.0) / (count(pairs_, before) + static_cast<double>(tokens_)));
  });
  return sum / static_cast<double>(letters.size());
}

double rate_score(int64_t letters, double seconds, double usual_letters_per_second) {
  return -std::abs(static_cast<double>(letters) / std::max(seconds, 0.01) - usual_letters_per_second);
}

}  // namespace wav2vec
