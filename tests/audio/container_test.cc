#include "audio/container.h"

#include <doctest/doctest.h>

#include <vector>

namespace wav2vec {
namespace {

bool is_text(const std::vector<unsigned char>& head, std::string_view extension) {
  return looks_like_text(head, identify_container(head, extension));
}

}  // namespace

TEST_CASE("speech in G.722 is not taken for text, text under its name is") {
  // The beginning of a spoken prompt: by chance without any control byte.
  const std::vector<unsigned char> speech = {0xde, 0x7a, 0xf7, 0xf0, 0xf7, 0xf7, 0xb7, 0xba,
                                             0xfa, 0xfa, 0x5e, 0xb7, 0xb4, 0xba, 0xf7, 0xb8};
  const std::vector<unsigned char> playlist = {'#', 'E', 'X', 'T', 'M', '3', 'U', '\n'};
  CHECK_FALSE(is_text(speech, ".g722"));
  CHECK(is_text(playlist, ".g722"));
  CHECK(is_text(playlist, ".wav"));
  CHECK_MESSAGE(is_text(speech, ".wav"), "without a reason to expect G.722 this is Latin-1");
}

}  // namespace wav2vec
