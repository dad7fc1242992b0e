#pragma once
// Which of the phones of a clause belong to which of its words, where some words are said as one.

#include <span>
#include <vector>

namespace wav2vec {

/// `groups`: the phones of a clause as they are said, in groups between which a word may end. `alone`: those
/// of each word by itself. The phones of each word, all of the clause in order: those most like `alone` (by
/// edit distance, a vowel being more like another than like a consonant), with ends between groups where
/// there is a choice.
std::vector<std::vector<int>> divided_phones(std::span<const std::vector<int>> groups,
                                             std::span<const std::vector<int>> alone);

}  // namespace wav2vec
