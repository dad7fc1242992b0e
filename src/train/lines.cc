#include "train/lines.h"

namespace wav2vec {

void for_each_line(std::string_view text, const std::function<void(std::string_view)>& use) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    use(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

AppendFile open_lines(const std::filesystem::path& path) {
  if (std::filesystem::exists(path)) {
    const std::string text = read_file(path, kLargestMetricsFile);
    const size_t whole = text.rfind('\n') + 1;  // npos + 1 = 0: no whole line at all
    if (whole < text.size()) write_file(path, std::string_view(text).substr(0, whole));
  }
  return AppendFile(path);
}

void keep_lines(AppendFile& file, const std::function<bool(std::string_view)>& keep) {
  const std::string text = read_file(file.path(), kLargestMetricsFile);
  std::string kept;
  for_each_line(text, [&](std::string_view line) {
    if (keep(line)) kept.append(line).append("\n");
  });
  if (kept == text) return;
  write_file(file.path(), kept);
  file = AppendFile(file.path());
}

}  // namespace wav2vec
