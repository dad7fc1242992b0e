#pragma once
// Architectures as fairseq's options spell them: Python expressions such as "[(512, 10, 5)] + [(512, 4, 2)] *
// 3". Their small grammar is read here; nothing is evaluated.

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace wav2vec {

/// One layer: channels, kernel, stride.
using LayerTriple = std::array<int64_t, 3>;

/// sum := product ("+" product)*, product := factor ("*" factor)*, factor := list | number | "(" sum ")",
/// list :=
/// "[" triple, … "]", triple := "(" n "," n "," n ")" or in square brackets; one factor of a product is a
/// list. Throws FormatError (without a file name) saying what was found where, and above 64 layers, numbers
/// of 1,000,000 or 4,096 characters.
std::vector<LayerTriple> parse_layer_list(std::string_view text);

}  // namespace wav2vec
