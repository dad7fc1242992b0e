#include "check/rolling_text.h"

#include <algorithm>
#include <vector>

namespace wav2vec {
namespace {

std::string_view trimmed(std::string_view line) {
  const size_t first = line.find_first_not_of(" \t\r");
  if (first == line.npos) return {};
  return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (true) {
    const size_t end = text.find('\n');
    lines.push_back(trimmed(text.substr(0, end)));
    if (end == text.npos) return lines;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::string_view new_lines(std::string_view before, std::string_view text) {
  const std::vector<std::string_view> old = lines_of(before);
  const std::vector<std::string_view> now = lines_of(text);
  for (size_t shared = std::min(old.size(), now.size() - 1); shared > 0; --shared) {
    const bool same = std::equal(now.begin(), now.begin() + static_cast<std::ptrdiff_t>(shared),
                                 old.end() - static_cast<std::ptrdiff_t>(shared));
    const bool says = std::any_of(now.begin(), now.begin() + static_cast<std::ptrdiff_t>(shared),
                                  [](std::string_view line) { return !line.empty(); });
    const bool more = std::any_of(now.begin() + static_cast<std::ptrdiff_t>(shared), now.end(),
                                  [](std::string_view line) { return !line.empty(); });
    if (same && says && more) return text.substr(static_cast<size_t>(now[shared].data() - text.data()));
  }
  return text;
}

}  // namespace wav2vec
