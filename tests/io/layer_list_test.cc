#include "wav2vec/io/layer_list.h"

#include <doctest/doctest.h>

#include <string>

#include "wav2vec/core/error.h"

namespace wav2vec {
namespace {

using Layers = std::vector<LayerTriple>;

TEST_CASE("layer lists are read as Python would") {
  CHECK(parse_layer_list("[(512, 10, 5)]") == Layers{{512, 10, 5}});
  CHECK(parse_layer_list(" [ (1,2,3) ,[4,5,6,], ] ") == Layers{{1, 2, 3}, {4, 5, 6}});
  CHECK(parse_layer_list("[(512, 10, 5)] + [(512, 4, 2)] * 3") ==
        Layers{{512, 10, 5}, {512, 4, 2}, {512, 4, 2}, {512, 4, 2}});
  CHECK(parse_layer_list("2 * ([(1, 1, 1)] + [(2, 2, 2)])*1") ==
        Layers{{1, 1, 1}, {2, 2, 2}, {1, 1, 1}, {2, 2, 2}});
  CHECK(parse_layer_list("[(512, 3, 1)] * 0").empty());
}

TEST_CASE("everything else is refused, and nothing grows") {
  for (const std::string& text :
       {std::string(), std::string("7"), std::string("[(1,2)]"), std::string("[(1,2,3,4)]"),
        std::string("[(-1,2,3)]"), std::string("[(1.5,2,3)]"), std::string("[(1,2,3)"),
        std::string("[(1,2,3)]]"), std::string("[(1,2,3)] * [(1,2,3)]"), std::string("[(1,2,3)] + 3"),
        std::string("[(1,2,3)] * 65"), std::string("[(1,2,3)] * 1000000 * 1000000"),
        std::string("[] * 1000000 * 1000000"), std::string("[(99999999999999999999,1,1)]"),
        std::string("__import__('os').system('true')"), std::string("[(1,2,3) for i in range(3)]"),
        std::string(1000, '('), std::string(5000, ' '), std::string("[(1,2,3)]\0", 10)}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_layer_list(text), FormatError);
  }
}

}  // namespace
}  // namespace wav2vec
