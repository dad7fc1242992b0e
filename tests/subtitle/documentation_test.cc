#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <regex>
#include <set>
#include <string>

#include "wav2vec/core/file.h"

namespace wav2vec {

TEST_CASE("every code of a warning is documented, and no other") {
  namespace fs = std::filesystem;
  constexpr uint64_t kPlenty = uint64_t{1} << 24;
  const fs::path root = W2V_SOURCE_DIR;
  const std::regex call("\\b(?:warn\\(\\s*subtitle_?,|say\\(|once\\(\\s*\\w+,)\\s*\"([a-z_]+)\"");
  std::set<std::string> said;
  for (const auto& entry : fs::directory_iterator(root / "src" / "subtitle")) {
    const std::string source = read_file(entry.path(), kPlenty);
    for (std::sregex_iterator it(source.begin(), source.end(), call), end; it != end; ++it)
      said.insert((*it)[1]);
  }
  const std::string page = read_file(root / "docs" / "subtitles.md", kPlenty);
  const size_t begin = page.find("## Warnings");
  const std::string table = page.substr(begin, page.find("## Lint") - begin);
  const std::regex row("\n\\| `([a-z_]+)` \\|");
  std::set<std::string> documented;
  for (std::sregex_iterator it(table.begin(), table.end(), row), end; it != end; ++it)
    documented.insert((*it)[1]);
  CHECK(said.size() > 40);
  for (const std::string& code : said) CHECK_MESSAGE(documented.contains(code), code, " is not documented");
  for (const std::string& code : documented) CHECK_MESSAGE(said.contains(code), code, " is never said");
}

}  // namespace wav2vec
