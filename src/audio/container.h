#pragma once
// Which decoder a file is given to, told by its first bytes.

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace wav2vec {

struct Container {
  std::string_view name;
  bool sndfile = false;      ///< libsndfile first
  std::string_view demuxer;  ///< ffmpeg's -f, the only demuxer it may use; empty = ffmpeg never
};

/// At least this many first bytes should be given.
inline constexpr size_t kContainerHeadBytes = 1024;

/// `extension` in lower case with its dot decides only for formats without a magic number (.g722, .mp3).
std::optional<Container> identify_container(std::span<const unsigned char> head, std::string_view extension);

/// No control characters but white space: a playlist, a transcript, a page. Only G.722, which has no header,
/// may look so; there it has to be all ASCII.
bool looks_like_text(std::span<const unsigned char> head, const std::optional<Container>& container);

}  // namespace wav2vec
