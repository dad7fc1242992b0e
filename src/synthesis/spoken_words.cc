#include "wav2vec/synthesis/spoken_words.h"

#include <algorithm>

namespace wav2vec {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// What stands between two blanks.
struct Chunk {
  ByteRange bytes;
  std::vector<std::string> words;  ///< of the reading
  std::vector<VoicedWord> voiced;
};

std::vector<Chunk> chunks_of(std::string_view text) {
  std::vector<Chunk> chunks;
  for (size_t i = 0; i < text.size(); ++i) {
    if (is_blank(text[i])) continue;
    if (i == 0 || is_blank(text[i - 1])) chunks.push_back({{i, i}, {}, {}});
    chunks.back().bytes.end = i + 1;
  }
  return chunks;
}

Chunk* chunk_with(std::vector<Chunk>& chunks, size_t byte) {
  const auto found = std::ranges::find_if(
      chunks, [&](const Chunk& chunk) { return chunk.bytes.begin <= byte && byte < chunk.bytes.end; });
  return found == chunks.end() ? nullptr : &*found;
}

std::vector<std::string> words_in(const std::string& reading) {
  std::vector<std::string> words;
  for (const Chunk& chunk : chunks_of(reading))
    words.push_back(reading.substr(chunk.bytes.begin, chunk.bytes.end - chunk.bytes.begin));
  return words;
}

/// Neither digits nor signs, which engines may read in words of their own.
bool is_plain(std::string_view chunk) {
  return std::ranges::none_of(chunk, [](char c) {
    return (c >= '0' && c <= '9') || std::string_view("$%&+=/@#<>^_|~*").find(c) != std::string_view::npos;
  });
}

}  // namespace

std::string voiced_text(std::string_view text, const TextReading& reading) {
  if (default_reading(reading).text.empty()) return {};
  std::string plain(text);
  for (const Mark& mark : reading.marks)
    std::fill(plain.begin() + static_cast<std::ptrdiff_t>(mark.source.begin),
              plain.begin() + static_cast<std::ptrdiff_t>(mark.source.end), ' ');
  std::string one_line;
  for (const std::string& word : words_in(plain)) {
    if (!one_line.empty()) one_line += ' ';
    one_line += word;
  }
  std::erase_if(one_line, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  return one_line;
}

std::optional<std::vector<TimedLabel>> spoken_words(std::string_view text, const TextReading& reading,
                                                    std::span<const VoicedWord> voiced) {
  std::vector<Chunk> chunks = chunks_of(text);
  for (const Segment& segment : reading.segments) {
    Chunk* const chunk = chunk_with(chunks, segment.source.begin);
    const std::vector<std::string> words = words_in(segment.readings.at(0).text);
    if (words.empty()) continue;
    if (chunk == nullptr || segment.source.end > chunk->bytes.end) return std::nullopt;
    chunk->words.insert(chunk->words.end(), words.begin(), words.end());
  }
  for (const VoicedWord& word : voiced) {
    if (word.end_seconds <= word.start_seconds) return std::nullopt;
    Chunk* const chunk = chunk_with(chunks, word.text_byte);
    if (chunk == nullptr) return std::nullopt;
    chunk->voiced.push_back(word);
  }
  std::vector<TimedLabel> found;
  const auto add = [&](const std::string& label, const VoicedWord& first, const VoicedWord& last) {
    found.push_back({first.start_seconds, last.end_seconds - first.start_seconds, label});
  };
  for (const Chunk& chunk : chunks) {
    if (chunk.words.empty() && chunk.voiced.empty()) continue;
    if (chunk.words.empty() || chunk.voiced.empty()) return std::nullopt;
    if (chunk.words.size() == 1) {
      add(chunk.words[0], chunk.voiced.front(), chunk.voiced.back());
      continue;
    }
    const bool same = chunk.words.size() == chunk.voiced.size() &&
                      is_plain(text.substr(chunk.bytes.begin, chunk.bytes.end - chunk.bytes.begin));
    if (!same) return std::nullopt;
    for (size_t i = 0; i < chunk.words.size(); ++i) add(chunk.words[i], chunk.voiced[i], chunk.voiced[i]);
  }
  return found;
}

}  // namespace wav2vec
