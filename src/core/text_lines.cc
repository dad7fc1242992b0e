#include "wav2vec/core/text_lines.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "wav2vec/core/escape.h"
#include "wav2vec/core/file.h"

namespace wav2vec {
namespace {

constexpr std::string_view kBlank = " \t\r\f\v";

template <class T>
bool parse_all(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

constexpr size_t kMaxLineBytes = 16 << 20;

/// The whole file or, when it is no text, up to and with the first NUL byte or over-long line: such a file
/// may be large without end, or sparse.
std::string read_text(const std::string& path, uint64_t max_bytes) {
  constexpr size_t kPiece = 1 << 20;
  InputFile file(path);
  if (file.size() > max_bytes)
    throw DataError(fmt::format("{}: {} bytes, more than the {} expected here at most", printable(path),
                                file.size(), max_bytes));
  std::string text;
  size_t line = 0;
  for (;;) {
    const size_t before = text.size();
    text.resize(before + kPiece);
    text.resize(before + file.read(text.data() + before, kPiece));
    const std::string_view piece = std::string_view(text).substr(before);
    if (piece.empty() || piece.find('\0') != std::string_view::npos) return text;
    if (const size_t end = piece.rfind('\n'); end != std::string_view::npos) line = before + end + 1;
    if (text.size() - line > kMaxLineBytes || text.size() > max_bytes) return text;
  }
}

}  // namespace

TextLines::TextLines(const std::string& path, uint64_t max_bytes)
    : path_(path), content_(read_text(path, max_bytes)) {
  if (content_.starts_with("\xEF\xBB\xBF")) at_ = 3;
}

bool TextLines::next(std::string_view& line) {
  while (at_ < content_.size()) {
    const size_t end = std::min(content_.find('\n', at_), content_.size());
    line = std::string_view(content_).substr(at_, end - at_);
    at_ = end + 1;
    ++number_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() > kMaxLineBytes) fail("a line of more than 16 MiB; this is not a text file");
    if (line.find('\0') != std::string_view::npos) fail("a NUL byte; this is not a text file");
    if (line.find_first_not_of(kBlank) != std::string_view::npos) return true;
  }
  return false;
}

void TextLines::fail(std::string_view message) const {
  throw DataError(fmt::format("{}:{}: {}", printable(path_), number_, message));
}

std::vector<std::string_view> split_at(std::string_view line, char separator) {
  std::vector<std::string_view> fields;
  size_t at = 0;
  while (true) {
    const size_t end = line.find(separator, at);
    fields.push_back(line.substr(at, end - at));
    if (end == std::string_view::npos) return fields;
    at = end + 1;
  }
}

WordAndRest split_word(std::string_view line) {
  const auto trim = [](std::string_view text) {
    const size_t first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return std::string_view();
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
  };
  line = trim(line);
  const size_t end = std::min(line.find_first_of(kBlank), line.size());
  return {line.substr(0, end), trim(line.substr(end))};
}

bool parse_integer(std::string_view text, int64_t& value) { return parse_all(text, value); }

bool parse_seconds(std::string_view text, double& value) {
  return parse_all(text, value) && std::isfinite(value);
}

}  // namespace wav2vec
